#include "runtime/cri_log.h"

#include <algorithm>

namespace skerry::runtime {

void CriLogStream::record(std::string_view line, char tag, std::string_view stamp, std::string& out) {
  out.append(stamp).append(" ").append(name_).append(tag == 'F' ? " F " : " P ").append(line).append("\n");
}

void CriLogStream::add(std::string_view bytes, std::string_view stamp, std::string& out) {
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) end = bytes.size();
    size_t room = kMaxLogLine - line_.size();
    if (end > room) {
      line_.append(bytes.substr(0, room));
      bytes.remove_prefix(room);
      record(line_, 'P', stamp, out);
      line_.clear();
      continue;
    }
    bool whole = end < bytes.size();
    if (!whole) {
      line_.append(bytes);
      return;
    }
    std::string_view line = bytes.substr(0, end);
    if (!line_.empty()) {
      line_.append(line);
      line = line_;
    }
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    record(line, 'F', stamp, out);
    line_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void CriLogStream::finish(std::string_view stamp, std::string& out) {
  if (!line_.empty()) record(line_, 'P', stamp, out);
  line_.clear();
  line_.shrink_to_fit();
}

}  // namespace skerry::runtime
