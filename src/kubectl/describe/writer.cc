#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

void Writer::write(int level, std::string text) {
  std::string safe(static_cast<size_t>(2 * (level + extra_)), ' ');
  // What could steer a terminal is shown instead.
  for (char c : text) {
    if (c == '\x1b') safe += "^[";
    else if (c == '\r') safe += "\\r";
    else safe += c;
  }
  if (aligned_) tabs_.write(safe);
  else text_ += safe;
}

std::string Writer::take() {
  end_columns();
  return std::move(text_);
}

}  // namespace skerry::kubectl
