#include "base/random.h"

#include <sys/random.h>

#include <cstdio>
#include <cstdlib>

namespace skerry {

uint64_t Random::below(uint64_t bound) {
  // Rejection keeps it uniform.
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t v = next();
  while (v >= limit) v = next();
  return v % bound;
}

std::string Random::uuid() {
  uint64_t a = next(), b = next();
  a = (a & ~0xf000ULL) | 0x4000ULL;
  b = (b & ~(3ULL << 62)) | (2ULL << 62);
  char buf[40];
  std::snprintf(buf, sizeof buf, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>((a >> 16) & 0xffff), static_cast<unsigned>(a & 0xffff),
                static_cast<unsigned>(b >> 48), static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return buf;
}

std::string Random::name_suffix(size_t n) {
  static constexpr char kAlphabet[] = "bcdfghjklmnpqrstvwxz2456789";
  std::string out(n, '\0');
  for (char& c : out) c = kAlphabet[below(sizeof kAlphabet - 1)];
  return out;
}

std::string Random::bytes(size_t n) {
  std::string out;
  out.reserve(n + 8);
  while (out.size() < n) {
    uint64_t v = next();
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  out.resize(n);
  return out;
}

uint64_t SystemRandom::next() {
  uint64_t v;
  if (getrandom(&v, sizeof v, 0) != static_cast<ssize_t>(sizeof v)) std::abort();  // cannot fail for 8 bytes after boot
  return v;
}

}  // namespace skerry
