#include "os/sysinfo.h"

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/architecture.h"
#include "base/strings.h"
#include "os/files.h"

namespace skerry::os {

namespace {

std::string first_line(const std::string& path) {
  auto text = read_file(path, 65536);
  return text ? std::string(trim(std::string_view(*text).substr(0, text->find('\n')))) : std::string();
}

std::string os_image() {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    auto text = read_file(path, 65536);
    if (!text) continue;
    for (std::string_view line : split(*text, '\n')) {
      if (!starts_with(line, "PRETTY_NAME=")) continue;
      std::string_view value = trim(line.substr(12));
      if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'')) value = value.substr(1, value.size() - 2);
      return std::string(value);
    }
  }
  return "Linux";
}

}  // namespace

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

SystemInfo system_info() {
  SystemInfo info;
  info.memory_bytes = memory_info().total;
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  info.cpus = cpus > 0 ? static_cast<unsigned>(cpus) : 1;
  utsname name{};
  uname(&name);
  info.kernel_version = name.release;
  info.architecture = kArchitecture;
  info.hostname = name.nodename;
  info.os_image = os_image();
  info.boot_id = boot_id();
  info.machine_id = first_line("/etc/machine-id");
  if (info.machine_id.empty()) info.machine_id = first_line("/var/lib/dbus/machine-id");
  info.system_uuid = first_line("/sys/class/dmi/id/product_uuid");
  if (info.system_uuid.empty()) info.system_uuid = first_line("/proc/device-tree/serial-number");
  if (info.system_uuid.empty()) info.system_uuid = info.machine_id;
  return info;
}

MemoryInfo memory_info() {
  MemoryInfo info;
  auto text = read_file("/proc/meminfo", 65536);
  if (!text) return info;
  for (std::string_view line : split(*text, '\n')) {
    auto value = [&](std::string_view name) -> std::optional<uint64_t> {
      if (!starts_with(line, name)) return std::nullopt;
      return strtoull(std::string(line.substr(name.size())).c_str(), nullptr, 10) * 1024;
    };
    if (auto v = value("MemTotal:")) info.total = *v;
    if (auto v = value("MemAvailable:")) info.available = *v;
  }
  return info;
}

Result<DiskInfo> disk_info(const std::string& path) {
  struct statvfs st;
  if (statvfs(path.c_str(), &st) != 0) return errno_error("statvfs " + path, errno);
  return DiskInfo{static_cast<uint64_t>(st.f_blocks) * st.f_frsize, static_cast<uint64_t>(st.f_bavail) * st.f_frsize,
                  st.f_files, st.f_ffree};
}

uint64_t pid_max() { return parse_int(first_line("/proc/sys/kernel/pid_max")).value_or(32768); }

uint64_t own_capabilities() {
  auto text = read_file("/proc/self/status", 65536);
  if (!text) return 0;
  size_t at = text->find("CapPrm:");
  return at == std::string::npos ? 0 : strtoull(text->c_str() + at + 7, nullptr, 16);
}

}  // namespace skerry::os
