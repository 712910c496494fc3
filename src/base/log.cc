#include "base/log.h"

#include <unistd.h>

#include <atomic>

#include "base/clock.h"

namespace skerry::log {
namespace {
std::atomic<Level> g_level{Level::kInfo};
}

void set_level(Level level) { g_level.store(level, std::memory_order_relaxed); }
bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view component, std::string_view message) {
  static constexpr char kLetters[] = "DIWE";
  std::string line = format_rfc3339(SystemClock().now(), 3);
  line += ' ';
  line += kLetters[static_cast<int>(level)];
  line += ' ';
  line += component;
  line += ": ";
  for (char c : message) line += (c == '\n' ? ' ' : c);
  line += '\n';
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace skerry::log
