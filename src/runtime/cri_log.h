// CRI's container log format: "2026-01-02T03:04:05.123456789Z stdout F message\n"; P instead of F for a piece of a
// line that is longer than 16 KiB, or not ended yet when its stream ends.
#pragma once

#include <string>
#include <string_view>

namespace skerry::runtime {

inline constexpr size_t kMaxLogLine = 16384;

// Cuts one stream into records.
class CriLogStream {
 public:
  explicit CriLogStream(std::string_view name) : name_(name) {}

  // Appends the records that `bytes` complete to `out`. `stamp` is the time as it stands in the record.
  void add(std::string_view bytes, std::string_view stamp, std::string& out);
  // The stream has ended: what is left becomes a partial record.
  void finish(std::string_view stamp, std::string& out);

 private:
  void record(std::string_view line, char tag, std::string_view stamp, std::string& out);

  std::string_view name_;  // "stdout" or "stderr"
  std::string line_;       // begun, not ended
};

}  // namespace skerry::runtime
