// Backoff: how long something that keeps failing has to wait: doubling, bounded, forgotten after a good while.
//
// Not thread-safe: each user guards its own.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/clock.h"

namespace skerry::agent {

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest) : first_(first), longest_(longest) {}

  // The delay now in force; zero if none.
  std::chrono::milliseconds delay(const std::string& key) const {
    auto it = entries_.find(key);
    return it == entries_.end() ? std::chrono::milliseconds(0) : it->second.delay;
  }
  // Has the delay not yet passed since `last` (the failure's time)?
  bool waiting(const std::string& key, MonoTime last, MonoTime now) const { return delay(key) > now - last; }
  // Notes another failure. Quiet for twice the longest delay: begins anew.
  void next(const std::string& key, MonoTime now) {
    auto [it, fresh] = entries_.try_emplace(key, Entry{first_, now});
    if (fresh) return;
    it->second.delay = now - it->second.updated > 2 * longest_ ? first_ : std::min(it->second.delay * 2, longest_);
    it->second.updated = now;
  }
  void reset(const std::string& key) { entries_.erase(key); }

 private:
  struct Entry {
    std::chrono::milliseconds delay;
    MonoTime updated;
  };
  std::chrono::milliseconds first_, longest_;
  std::map<std::string, Entry> entries_;
};

// "10s", "1m20s", "5m0s": as Go prints a duration of whole seconds.
inline std::string go_duration(std::chrono::milliseconds d) {
  int64_t ms = d.count();
  if (ms % 1000 != 0 && ms < 1000) return std::to_string(ms) + "ms";
  int64_t s = ms / 1000;
  std::string fraction;
  if (ms % 1000 != 0) {
    fraction = "." + std::string(3 - std::to_string(ms % 1000).size(), '0') + std::to_string(ms % 1000);
    while (fraction.back() == '0') fraction.pop_back();
  }
  std::string out;
  if (s >= 3600) out += std::to_string(s / 3600) + "h";
  if (s >= 60) out += std::to_string(s / 60 % 60) + "m";
  return out + std::to_string(s % 60) + fraction + "s";
}

}  // namespace skerry::agent
