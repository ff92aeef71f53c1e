# SPDX-License-Identifier: GPL-2.0-only
#
# Keys on a guest's UART.  Sourced by tests.

# shellcheck shell=sh

uart_key() {
    printf 'k\n' >"$(xenstore-read "/local/domain/$domid/vuart/0/tty")"
    uart_bytes=$((uart_bytes + 2))
}
# uart_read: the guest has read all keys so far.
uart_read() { [ "$(guest_run g 20 'wc -c </run/uart')" -eq "$uart_bytes" ]; }

# uart_keys SLEEPS: each ended by a key.  The guest reads that key, and the one
# that comes when it is awake.
uart_keys() {
    guest_boot g "$sbsa_uart"
    vuart_arm g
    uart_bytes=0
    n=0
    while [ "$n" -lt "$1" ]; do
        n=$((n + 1))
        guest_sleep g
        uart_key
        guest_says g 30 "^guest: awake $n\$"
        wait_running "$domid"
        expect_eq "reason of wake $n" interrupt "$(gs "$domid" wake-reason)"
        expect_eq "interrupt of wake $n" "$sbsa_virq" "$(gs "$domid" wake-virq)"
        wait_until 20 uart_read
        uart_key
        wait_until 20 uart_read
    done
    expect_eq "suspends" "$1" "$(gs "$domid" suspends)"
}
