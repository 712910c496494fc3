#include "kubectl/log_line.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace skerry::kubectl {

std::string log_line(char severity, std::string_view file, std::string_view text) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  char head[64];
  std::snprintf(head, sizeof head, "%c%02d%02d %02d:%02d:%02d.%06ld %7d ", severity, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, now.tv_nsec / 1000, static_cast<int>(::getpid()));
  return std::string(head) + std::string(file) + "] " + std::string(text);
}

}  // namespace skerry::kubectl
