#include "output/age.h"

#include "api/table.h"

namespace skerry::output {

std::string human_duration(std::chrono::nanoseconds duration) { return api::human_duration(duration); }

std::string short_human_duration(std::chrono::nanoseconds duration) {
  int64_t s = std::chrono::duration_cast<seconds>(duration).count();
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return std::to_string(s / 60) + "m";
  int64_t hours = s / 3600;
  if (hours < 24) return std::to_string(hours) + "h";
  if (hours < 24 * 365) return std::to_string(hours / 24) + "d";
  return std::to_string(hours / 24 / 365) + "y";
}

std::string age_since(const Json& timestamp, WallTime now) {
  auto time = timestamp.is_string() ? parse_rfc3339(timestamp.get_ref<const std::string&>()) : std::nullopt;
  return time ? human_duration(now - *time) : "<unknown>";
}

}  // namespace skerry::output
