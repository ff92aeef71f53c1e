/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xl_metrics.h: records as metrics, for Prometheus.
 */

#ifndef XL_METRICS_H
#define XL_METRICS_H

#include "xl_rows.h"

/*
 * Prometheus' text format 0.0.4, which node_exporter's textfile collector reads.
 * What is not known has no sample.
 */
void xl_metrics_print(const struct xl_table *table,
                      struct xl_domains *domains);

#endif
