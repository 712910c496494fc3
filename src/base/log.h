// Logging: one line per event on stderr, "2026-01-02T03:04:05.678Z I agent: message key=value".
//
// Thread-safe; a line is written with one write(2). The level is process-wide (it concerns the process' one
// stderr, not any object) and set once at start.
#pragma once

#include <sstream>
#include <string>
#include <string_view>

namespace skerry::log {

enum class Level { kDebug, kInfo, kWarn, kError };

void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view component, std::string_view message);

// LOG_INFO("agent", "started pod " << key << " in " << ms << " ms");
#define SKERRY_LOG(level, component, expr)                                       \
  do {                                                                           \
    if (::skerry::log::enabled(level)) {                                         \
      std::ostringstream skerry_log_stream_;                                     \
      skerry_log_stream_ << expr;                                                \
      ::skerry::log::write(level, component, skerry_log_stream_.str());          \
    }                                                                            \
  } while (0)
#define LOG_DEBUG(component, expr) SKERRY_LOG(::skerry::log::Level::kDebug, component, expr)
#define LOG_INFO(component, expr) SKERRY_LOG(::skerry::log::Level::kInfo, component, expr)
#define LOG_WARN(component, expr) SKERRY_LOG(::skerry::log::Level::kWarn, component, expr)
#define LOG_ERROR(component, expr) SKERRY_LOG(::skerry::log::Level::kError, component, expr)

}  // namespace skerry::log
