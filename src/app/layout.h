// Layout: where things are, from the settings of a command. Absolute paths.
#pragma once

#include <string>

#include "app/options.h"
#include "base/result.h"

namespace skerry::app {

struct Layout {
  std::string data_dir;   // durable
  std::string run_dir;    // gone with a reboot
  std::string instance;

  std::string server_dir() const { return data_dir + "/server"; }
  std::string agent_dir() const { return data_dir + "/agent"; }
  std::string network_dir() const { return agent_dir() + "/network"; }
  std::string token_file() const { return server_dir() + "/token"; }
  std::string pin_dir() const { return run_dir + "/bpf"; }
  std::string ready_file() const { return run_dir + "/ready"; }  // the process' number, while it is ready
  std::string lock_file() const { return data_dir + "/lock"; }
  // What the runtime calls its instance: cgroups need a name also where links do not.
  std::string runtime_instance() const { return instance.empty() ? "default" : instance; }
};

// Makes the folders that belong to it (mode 0700). BadRequest on a bad instance name.
Result<Layout> make_layout(const Options& options);
Layout layout_of(const Options& options);  // without making anything
std::string absolute_folder(const std::string& path);  // no "..", no "/" at the end
// At most four of [a-z0-9].
bool valid_instance(const std::string& name);

// Holds data_dir's lock for this process; Conflict if another has it. The lock goes with the process.
Status lock_data_dir(const Layout& layout);

}  // namespace skerry::app
