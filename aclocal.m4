# aclocal.m4: the project's own macros, kept by hand, so that autoconf is all
# that autoreconf needs (no aclocal, no automake).
# SPDX-License-Identifier: GPL-2.0-only

# GS_PKG(VARIABLE-PREFIX, MODULE, DEBIAN-PACKAGE, [OTHER-FILE-TO-NAME])
# -----------------------------------------------------------------------
# Sets PREFIX_CFLAGS and PREFIX_LIBS from pkg-config's MODULE.  What is missing
# is only noted; GS_PKG_REPORT ends configure with the whole list, so that one
# apt call brings everything.
AC_DEFUN([GS_PKG],
[AC_ARG_VAR([$1][_CFLAGS], [C compiler flags for $2, instead of pkg-config's])
AC_ARG_VAR([$1][_LIBS], [linker flags for $2, instead of pkg-config's])
AC_MSG_CHECKING([for $2])
AS_IF([test -n "$[]$1[]_LIBS"],
      [AC_MSG_RESULT([given: $[]$1[]_LIBS])],
      [test -n "$PKG_CONFIG" && $PKG_CONFIG --exists "$2"],
      [$1[]_CFLAGS=`$PKG_CONFIG --cflags "$2"`
       $1[]_LIBS=`$PKG_CONFIG --libs "$2"`
       AC_MSG_RESULT([`$PKG_CONFIG --modversion "$2"`])],
      [AC_MSG_RESULT([no])
       gs_missing="$gs_missing  $2 (Debian package $3)
"
       gs_missing_debs="$gs_missing_debs $3"])
])

# GS_TOOL(VARIABLE, PROGRAM, DEBIAN-PACKAGE)
# ------------------------------------------
# A program that the build cannot do without.
AC_DEFUN([GS_TOOL],
[AC_PATH_PROG([$1], [$2])
AS_IF([test -z "$[]$1"],
      [gs_missing="$gs_missing  program $2 (Debian package $3)
"
       gs_missing_debs="$gs_missing_debs $3"])
])

AC_DEFUN([GS_PKG_REPORT],
[AS_IF([test -n "$gs_missing"],
       [gs_missing_debs=`printf '%s\n' $gs_missing_debs | sort -u | tr '\n' ' '`
        AC_MSG_ERROR([missing:
${gs_missing}On Debian: apt install $gs_missing_debs
(pkg-config is asked for libraries; PKG_CONFIG_PATH or PKG_CONFIG_LIBDIR say where else)])])
])
