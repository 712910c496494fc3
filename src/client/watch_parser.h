// WatchParser: the body of a watch response, as it arrives, into events. One JSON document per line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/request.h"
#include "base/result.h"

namespace skerry::client {

class WatchParser {
 public:
  static constexpr size_t kLongestLine = 32 << 20;

  // The events completed by these bytes. An Error (a malformed or too long line) is final.
  Result<std::vector<api::WatchEvent>> feed(std::string_view bytes);

 private:
  std::string rest_;  // of an incomplete line
};

// One line: {"type":"ADDED","object":{...}}.
Result<api::WatchEvent> parse_watch_line(std::string_view line);

}  // namespace skerry::client
