// Time: an interface, so that tests and simulation decide what time it is.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace skerry {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;   // for timestamps in objects
  virtual MonoTime mono() const = 0;  // for timeouts and delays
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  MonoTime mono() const override;
};

// A time of any year from 0 to 9999; WallTime, in 64-bit nanoseconds, holds only 1677 to 2262.
struct CivilTime {
  int64_t unix_seconds = 0;
  int32_t nanos = 0;  // 0 .. 999999999
};
std::string format_rfc3339(CivilTime time, int digits = 0);
std::optional<CivilTime> parse_rfc3339_civil(std::string_view text);

// RFC 3339 in UTC. digits = 0: "2026-01-02T03:04:05Z" (metav1.Time), 6: metav1.MicroTime, 9: log files.
std::string format_rfc3339(WallTime time, int digits = 0);
// Accepts any offset and fraction; digits after the ninth are dropped. Years outside 1677 to 2262 give the limit.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// Of a broken-down time in UTC, limited likewise; time_t, which ends in 2038 on armhf, is not asked.
WallTime wall_time(const std::tm& utc);

}  // namespace skerry
