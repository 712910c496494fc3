/* Stand in for the mathematical functions that SQLite offers in SQL, in release executables: libm has each of them once
 * per kind of processor, a quarter of a megabyte together, and no statement of Skerry's calls one. One that did would get NULL. */
#define NONE(name)                  \
  double skerry_no_##name(void);    \
  double skerry_no_##name(void) {   \
    return __builtin_nan("");       \
  }
NONE(acos) NONE(acosh) NONE(asin) NONE(asinh) NONE(atan) NONE(atan2) NONE(atanh)
NONE(cos) NONE(cosh) NONE(sin) NONE(sinh) NONE(tan) NONE(tanh)
