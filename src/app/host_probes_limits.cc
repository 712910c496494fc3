// Probes of limits and settings.
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "app/host_probes.h"
#include "base/strings.h"
#include "embedded/version.h"
#include "http/tls.h"
#include "os/fd.h"
#include "os/files.h"
#include "os/sysinfo.h"

namespace skerry::app::probes {
namespace {

int64_t number_in(const std::string& path) { return parse_int(trim(os::read_file(path, 256).value_or(std::string()))).value_or(-1); }

}  // namespace

Probe open_files(const HostContext&) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return missing(errno_error("getrlimit", errno).message);
  std::string detail = limit.rlim_max == RLIM_INFINITY ? "no limit" : std::to_string(limit.rlim_max) + " at most";
  return limit.rlim_max < 16384 ? degraded(detail) : ok(detail);
}

Probe file_watches(const HostContext&) {
  os::Fd fd(inotify_init1(IN_CLOEXEC));
  if (!fd) return missing(errno_error("inotify", errno).message);
  const int64_t instances = number_in("/proc/sys/fs/inotify/max_user_instances"), watches = number_in("/proc/sys/fs/inotify/max_user_watches");
  std::string detail = std::to_string(instances) + " instances, " + std::to_string(watches) + " watches for each user";
  return (instances >= 0 && instances < 128) || (watches >= 0 && watches < 8192) ? degraded(detail) : ok(detail);
}

Probe process_numbers(const HostContext&) {
  const int64_t pids = static_cast<int64_t>(os::pid_max()), threads = number_in("/proc/sys/kernel/threads-max");
  rlimit limit{};
  getrlimit(RLIMIT_NPROC, &limit);
  int64_t least = threads > 0 ? std::min(pids, threads) : pids;
  if (geteuid() != 0 && limit.rlim_max != RLIM_INFINITY) least = std::min(least, static_cast<int64_t>(limit.rlim_max));
  return least < 4096 ? degraded(std::to_string(least) + " at most") : ok(std::to_string(least) + " at most");
}

Probe memory(const HostContext& context) {
  const uint64_t mega = os::memory_info().total >> 20;
  std::string detail = std::to_string(mega) + " MB";
  return mega < (context.with_node ? 200u : 64u) ? degraded(detail) : ok(detail);
}

// This program cannot run before it was made. (Machines without a battery begin in 1970 or with their last shutdown.)
Probe clock_sane(const HostContext&) {
  std::tm made{};
  if (strptime(std::string(embedded::kCommitDate).c_str(), "%Y-%m-%d", &made) == nullptr) return ok("not compared: this build has no date");
  const time_t now = time(nullptr);
  char text[32];
  std::tm utc{};
  gmtime_r(&now, &utc);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  if (now < timegm(&made) - 86400) return degraded(std::string(text) + ", before this Skerry was made");
  return ok(text);
}

Probe randomness(const HostContext&) {
  char byte;
  if (getrandom(&byte, 1, GRND_NONBLOCK) == 1) return ok();
  return degraded(errno == EAGAIN ? "the kernel has not gathered enough yet" : errno_error("getrandom", errno).message);
}

Probe authorities(const HostContext&) {
  std::string file = http::system_ca_file();
  return file.empty() ? missing("none found") : ok(file);
}

Probe host_name(const HostContext& context) {
  if (!is_dns_subdomain(context.node_name)) return missing("\"" + context.node_name + "\" cannot be the name of a node");
  if (context.node_name == "localhost" || context.node_name.starts_with("localhost."))
    return degraded("\"" + context.node_name + "\", which other machines are called too", "hostnamectl set-hostname NAME, or --node-name");
  return ok(context.node_name);
}

}  // namespace skerry::app::probes
