// Randomness: an interface with a kernel-backed implementation and a seeded one for tests.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace skerry {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;

  uint64_t below(uint64_t bound);      // uniform in [0, bound), bound > 0
  std::string uuid();                  // RFC 4122 version 4, lower case
  std::string name_suffix(size_t n);   // from "bcdfghjklmnpqrstvwxz2456789", as Kubernetes generates names
  std::string bytes(size_t n);
};

// getrandom(2). Thread-safe.
class SystemRandom final : public Random {
 public:
  uint64_t next() override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace skerry
