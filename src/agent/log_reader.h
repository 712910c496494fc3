// LogReader: container logs in CRI format ("<time> stdout F line"), as `kubectl logs` wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::agent {

struct LogOptions {
  bool follow = false;
  bool timestamps = false;              // each line begins with its RFC 3339 time
  std::optional<int64_t> tail_lines;
  std::optional<WallTime> since;
  std::optional<int64_t> limit_bytes;
  std::string stream;                   // "", "All": both; "Stdout", "Stderr"
};

// One line of a log file.
struct LogLine {
  WallTime time{};
  std::string_view time_text;
  bool err = false;      // stderr
  bool partial = false;  // tag P: the line goes on in the next entry
  std::string_view content;
};
// False for what is not in CRI format. `line` is without its '\n'; the result points into it.
bool parse_log_line(std::string_view line, LogLine& out);

// Where the bytes go: false ends the reading (the reader is gone).
using LogSink = std::function<bool(std::string_view)>;
// While following: false when the container has ended, so that the log ends with what is in the file.
using LogAlive = std::function<bool()>;

// Reads <directory>/<attempt>.log; what has been rotated away is not read again, as with Kubernetes. Follows over
// rotation. Blocks; with `follow`, until `sink` refuses or `alive` says no (asked about once a second). NotFound if
// there is no such log; check with log_exists() before anything is promised to a client.
bool log_exists(const std::string& directory, uint32_t attempt);
Status read_log(const std::string& directory, uint32_t attempt, const LogOptions& options, const LogSink& sink,
                const LogAlive& alive);

}  // namespace skerry::agent
