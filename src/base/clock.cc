#include "base/clock.h"

#include <cstdio>
#include <ctime>

namespace skerry {

WallTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono() const { return std::chrono::steady_clock::now(); }

std::string format_rfc3339(WallTime time, int digits) {
  auto whole = std::chrono::floor<seconds>(time);
  return format_rfc3339(CivilTime{whole.time_since_epoch().count(), static_cast<int32_t>((time - whole).count())}, digits);
}

std::string format_rfc3339(CivilTime time, int digits) {
  using namespace std::chrono;
  sys_seconds secs{seconds(time.unix_seconds)};
  auto days_part = floor<days>(secs);
  year_month_day ymd{days_part};
  hh_mm_ss hms{secs - days_part};
  char buf[64];
  int n = std::snprintf(buf, sizeof buf, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(ymd.year()),
                        static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                        static_cast<int>(hms.hours().count()), static_cast<int>(hms.minutes().count()),
                        static_cast<int>(hms.seconds().count()));
  std::string out(buf, static_cast<size_t>(n));
  if (digits > 0) {
    std::snprintf(buf, sizeof buf, "%09d", time.nanos);
    out += '.';
    out.append(buf, static_cast<size_t>(digits > 9 ? 9 : digits));
  }
  out += 'Z';
  return out;
}

namespace {
// Reads exactly `width` digits at `pos`; -1 if there are not that many.
int digits_at(std::string_view s, size_t pos, size_t width) {
  if (pos + width > s.size()) return -1;
  int v = 0;
  for (size_t i = 0; i < width; ++i) {
    char c = s[pos + i];
    if (c < '0' || c > '9') return -1;
    v = v * 10 + (c - '0');
  }
  return v;
}

// Go's zero time and the year 9999 end at the limits.
WallTime limited(int64_t unix_seconds, int32_t nanos) {
  std::chrono::sys_seconds whole{seconds(unix_seconds)};
  constexpr auto kFirst = std::chrono::ceil<seconds>(WallTime::min()), kLast = std::chrono::floor<seconds>(WallTime::max());
  if (whole <= kFirst) return WallTime{kFirst};
  if (whole >= kLast) return WallTime{kLast};
  return WallTime{whole + std::chrono::nanoseconds(nanos)};
}
}  // namespace

WallTime wall_time(const std::tm& utc) {
  using namespace std::chrono;
  sys_days day = year{utc.tm_year + 1900} / month{static_cast<unsigned>(utc.tm_mon + 1)} / utc.tm_mday;
  sys_seconds whole = day + hours{utc.tm_hour} + minutes{utc.tm_min} + seconds{utc.tm_sec};
  return limited(whole.time_since_epoch().count(), 0);
}

std::optional<WallTime> parse_rfc3339(std::string_view s) {
  auto time = parse_rfc3339_civil(s);
  if (!time) return std::nullopt;
  return limited(time->unix_seconds, time->nanos);
}

std::optional<CivilTime> parse_rfc3339_civil(std::string_view s) {
  using namespace std::chrono;
  int y = digits_at(s, 0, 4), mo = digits_at(s, 5, 2), d = digits_at(s, 8, 2);
  int h = digits_at(s, 11, 2), mi = digits_at(s, 14, 2), se = digits_at(s, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || se < 0) return std::nullopt;
  if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':') return std::nullopt;
  year_month_day ymd{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!ymd.ok() || h > 23 || mi > 59 || se > 60) return std::nullopt;
  size_t pos = 19;
  int64_t nanos = 0;
  if (pos < s.size() && (s[pos] == '.' || s[pos] == ',')) {
    ++pos;
    int64_t scale = 100000000;
    size_t start = pos;
    while (pos < s.size() && s[pos] >= '0' && s[pos] <= '9') {
      nanos += (s[pos] - '0') * scale;
      scale /= 10;
      ++pos;
    }
    if (pos == start) return std::nullopt;
  }
  if (pos >= s.size()) return std::nullopt;
  int offset_min = 0;
  if (s[pos] == 'Z' || s[pos] == 'z') {
    ++pos;
  } else if (s[pos] == '+' || s[pos] == '-') {
    int oh = digits_at(s, pos + 1, 2), om = digits_at(s, pos + 4, 2);
    if (oh < 0 || om < 0 || s[pos + 3] != ':' || oh > 23 || om > 59) return std::nullopt;
    offset_min = (oh * 60 + om) * (s[pos] == '-' ? -1 : 1);
    pos += 6;
  } else {
    return std::nullopt;
  }
  if (pos != s.size()) return std::nullopt;
  auto whole = sys_days{ymd} + hours{h} + minutes{mi - offset_min} + seconds{se};
  return CivilTime{whole.time_since_epoch().count(), static_cast<int32_t>(nanos)};
}

}  // namespace skerry
