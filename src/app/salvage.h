// Salvage: the settings of an instance as far as they can still be read, for the commands that must work when nothing else
// does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/service_files.h"

namespace skerry::app {

struct Salvaged {
  Layout layout;
  std::string config, log_dir, kubeconfig, node_name;
  std::string complaint;  // what stops a server from starting with these settings; empty if nothing
};

// Flags, variables and configuration files in the order of Options::load(). Where that fails, what can be recognised line
// by line is taken, and the defaults for the rest.
Salvaged salvage(const std::vector<std::string>& args, const std::map<std::string, std::string>& environment);
Salvaged salvage(const Service& service);

}  // namespace skerry::app
