// `skerry killall`: ends every pod of this node and takes down what was set up for them, also when skerry is broken.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/command_line.h"
#include "app/layout.h"
#include "app/options.h"
#include "network/pod_network.h"
#include "os/mounts.h"
#include "proxy/dataplane.h"
#include "runtime/local_runtime.h"

namespace skerry::app {
namespace {

// The process that has the data directory locked, if it still lives.
pid_t running_skerry(const Layout& layout) {
  pid_t pid = 0;
  std::ifstream(layout.lock_file()) >> pid;
  if (pid <= 0 || pid == getpid() || ::kill(pid, 0) != 0) return 0;
  return lock_data_dir(layout) ? 0 : pid;  // a free lock: the number is of another process by now
}

void stop_process(pid_t pid) {
  ::kill(pid, SIGTERM);
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; ++i) {
    if (i == 80) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Status execute(const Options& options) {
  if (geteuid() != 0) return Error(Reason::kForbidden, "this needs root");
  Layout layout = layout_of(options);
  std::error_code ec;
  if (std::filesystem::exists(layout.lock_file(), ec))
    if (pid_t pid = running_skerry(layout); pid > 0) stop_process(pid);
  Status first;
  auto keep_going = [&](Status s) {
    if (!s && first) first = std::move(s);
  };
  runtime::RuntimeOptions runtime;
  runtime.data_dir = layout.data_dir;
  runtime.run_dir = layout.run_dir;
  runtime.instance = layout.runtime_instance();
  keep_going(proxy::remove_ebpf(layout.pin_dir()));
  keep_going(runtime::remove_everything(runtime));
  keep_going(network::remove_all(layout.instance));
  // Volumes in memory.
  keep_going(os::unmount_below(layout.data_dir));
  std::filesystem::remove(layout.agent_dir() + "/network/addresses", ec);
  return first;
}

}  // namespace

int run_killall(const Args& args) {
  return run_command({.name = "killall",
                      .table = all_options(),
                      .help = "Stops skerry and every pod of this node, and removes their mounts, network and control groups.\n"
                              "What is on disk stays.\n\nUsage: skerry killall [--data-dir DIR] [--run-dir DIR] [--instance NAME]\n",
                      .forgives_files = true,
                      .run = execute},
                     args);
}

}  // namespace skerry::app
