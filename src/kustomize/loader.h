// Loader: the files one kustomization may read, relative to its folder.
#pragma once

#include <string>

#include "kustomize/file_source.h"

namespace skerry::kustomize {

// "/a/./b/../c" to "/a/c".
std::string clean_path(std::string_view path);
std::string join_path(const std::string& root, const std::string& path);
bool is_remote_file(std::string_view path);  // http(s)://

// What all loaders of a build share.
struct LoadLimits {
  bool root_only = true;
  int folders = 0;       // opened so far
  size_t bytes = 0;      // read so far
  static constexpr int kMaxFolders = 2000;
  static constexpr size_t kMaxBytes = 256 << 20;
};

class Loader {
 public:
  // BadRequest if `path` is no folder.
  static Result<Loader> at(FileSource& files, LoadLimits& limits, const std::string& path);

  const std::string& root() const { return root_; }
  // A file's content; `path` relative to the root, or a URL.
  Result<std::string> load(const std::string& path) const;
  // A base or component: another folder. Errors as kustomize's: no folder, absolute, a cycle, a remote repository.
  Result<Loader> base(const std::string& path) const;

 private:
  Loader(FileSource& files, LoadLimits& limits, std::string root, const Loader* parent) : files_(&files), limits_(&limits), root_(std::move(root)), parent_(parent) {}
  Result<std::string> confirmed_folder(const std::string& path, const std::string& shown) const;

  FileSource* files_;
  LoadLimits* limits_;
  std::string root_;
  const Loader* parent_;  // whose kustomization named this folder; outlives this
};

}  // namespace skerry::kustomize
