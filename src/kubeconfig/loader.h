// Loader: which kubeconfig files count, and what they say together.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kubeconfig/config.h"
#include "kubeconfig/environment.h"

namespace skerry::kubeconfig {

// The files, in order of precedence: `explicit_path` (--kubeconfig) alone if given, else the list in KUBECONFIG, else
// ~/.kube/config.
struct Sources {
  std::vector<std::string> files{};
  bool is_explicit = false;    // it must exist
  bool from_variable = false;  // KUBECONFIG

  // Where a change of something that is in no file yet goes: kubectl's default file name.
  std::string file_for_new() const;
};
Sources find_sources(const std::string& explicit_path, const Environment& environment);

// One file. NotFound if it does not exist; other Errors as "error loading config file "x": ...".
Result<Config> load_file(const std::string& path);

// All of them, merged: for each name the first file's entry counts, current-context is the first that is not empty.
// Paths stay as written.
Result<Config> load(const Sources& sources);

// Makes paths in entries absolute, relative to the folder of the file each came from.
void resolve_paths(Config& config);

}  // namespace skerry::kubeconfig
