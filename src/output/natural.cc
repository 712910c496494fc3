#include "output/natural.h"

#include <cstddef>

namespace skerry::output {

bool natural_less(std::string_view a, std::string_view b) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t i = 0, k = 0;
  while (i < a.size() && k < b.size()) {
    bool da = digit(a[i]), db = digit(b[k]);
    if (da != db) return da;  // digits before all else
    if (!da) {
      if (a[i] != b[k]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[k]);
      ++i, ++k;
      continue;
    }
    while (i < a.size() && a[i] == '0') ++i;
    while (k < b.size() && b[k] == '0') ++k;
    size_t i0 = i, k0 = k;
    while (i < a.size() && digit(a[i])) ++i;
    while (k < b.size() && digit(b[k])) ++k;
    if (i - i0 != k - k0) return i - i0 < k - k0;
    int order = a.substr(i0, i - i0).compare(b.substr(k0, k - k0));
    if (order != 0) return order < 0;
    if (i0 != k0) return i0 < k0;  // fewer leading zeros first
  }
  return a.size() < b.size();
}

}  // namespace skerry::output
