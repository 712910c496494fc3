// Writer: changes kubeconfig files without losing what others write at the same time or what we do not understand.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "kubeconfig/config.h"
#include "kubeconfig/loader.h"

namespace skerry::kubeconfig {

// What the files say together, paths as written. Unlike load() no file has to exist.
Result<Config> load_for_change(const Sources& sources);

// Of file names in changed entries: as `change` left them, or relative to the kubeconfig's folder where they are below it.
enum class Paths { kAsGiven, kRelative };

// Locks all files of `sources` (<file>.lock, as kubectl does), reads them, lets `change` work on what they say together,
// and writes each entry that differs into the file it came from; new entries and the current context go to file_for_new().
// Files are replaced whole (rename) and keep their mode and owner; new ones get 0600, new folders 0755.
// A lock that another holds is an Error at once: "open x.lock: file exists".
Status modify(const Sources& sources, Paths paths, const std::function<Status(Config&)>& change);

}  // namespace skerry::kubeconfig
