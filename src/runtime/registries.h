// How registries are reached: the part of k3s' registries.yaml that concerns the runtime.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/runtime.h"

namespace skerry::runtime {

struct RegistryHost {
  std::vector<std::string> mirrors;  // "https://mirror:5000", tried in order, then the registry itself
  bool plain_http = false;           // for the registry itself; loopback addresses always may
  bool insecure_skip_verify = false;
  std::string ca_file;
  RegistryAuth auth;
};

struct RegistryOptions {
  std::map<std::string, RegistryHost> hosts;  // by domain, "*" for all others
  int parallel_downloads = 3;
};

}  // namespace skerry::runtime
