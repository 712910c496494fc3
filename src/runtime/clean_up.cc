// remove_everything: an instance is taken down without its process.
#include <signal.h>

#include "base/strings.h"
#include "os/cgroup.h"
#include "os/files.h"
#include "os/mounts.h"
#include "os/netns.h"
#include "os/process.h"
#include "os/sysinfo.h"
#include "runtime/local_runtime.h"
#include "runtime/shim_client.h"
#include "json/json.h"

namespace skerry::runtime {

namespace {

void keep_first(Status& result, Status status) {
  if (result && !status) result = std::move(status);
}

// Shims in no cgroup of ours (their creation was cut short) are found by their records.
void kill_recorded_shims(const std::string& data_dir) {
  auto ids = os::list_directory(data_dir + "/sandboxes");
  if (!ids) return;
  std::string boot = os::boot_id();
  for (const std::string& id : *ids) {
    auto text = os::read_file(data_dir + "/sandboxes/" + id + "/sandbox.json", 4 << 20);
    auto record = text ? json::parse_json(*text) : Result<Json>(Json());
    if (!record || json::str(*record, "boot") != boot) continue;
    pid_t pid = static_cast<pid_t>(json::integer(*record, "shimPid"));
    if (pid > 1 && os::process_start_time(pid) == static_cast<uint64_t>(json::integer(*record, "shimStart"))) kill(pid, SIGKILL);
  }
}

}  // namespace

Status remove_everything(const RuntimeOptions& options) {
  Status result;
  if (auto cgroups = os::Cgroups::detect(root_cgroup(options.instance))) {
    // Shims first, so that none starts or records anything any more.
    keep_first(result, cgroups->kill_all("shims"));
    kill_recorded_shims(options.data_dir);
    keep_first(result, cgroups->kill_all("kubepods"));
    keep_first(result, cgroups->remove(""));
  } else if (auto left = os::list_directory(options.data_dir + "/sandboxes"); left && !left->empty()) {
    return cgroups.error();  // unseen ("ip netns exec" hides them), pods may live on: their records stay
  }
  if (auto names = os::list_directory(options.run_dir + "/netns"))
    for (const std::string& name : *names) keep_first(result, os::unpin_namespace(options.run_dir + "/netns/" + name));
  for (const char* sub : {"/netns", "/s", "/c", "/crun"}) {
    keep_first(result, os::unmount_below(options.run_dir + sub));
    keep_first(result, os::remove_tree(options.run_dir + sub));
  }
  for (const char* sub : {"/containers", "/sandboxes"}) {
    keep_first(result, os::unmount_below(options.data_dir + sub));
    keep_first(result, os::remove_tree(options.data_dir + sub));
  }
  return result;
}

}  // namespace skerry::runtime
