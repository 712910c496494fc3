// FileSource: where a kustomization's files come from. The disk, a folder in memory (tests), a git tree.
//
// Paths given to a source are absolute and clean ("/a/b", no "." or ".."). A source need not be safe for several
// threads; one build uses it from the thread that called build().
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace skerry::kustomize {

inline constexpr size_t kMaxFileBytes = 16 << 20;

class FileSource {
 public:
  virtual ~FileSource() = default;
  virtual bool exists(const std::string& path) = 0;
  virtual bool is_directory(const std::string& path) = 0;
  // NotFound when there is no such file; at most kMaxFileBytes.
  virtual Result<std::string> read(const std::string& path) = 0;
  // The path without symbolic links, so that a link cannot lead out of the root. NotFound when there is no such file.
  virtual Result<std::string> resolve(const std::string& path) = 0;
  // Where relative paths given to build() start.
  virtual std::string working_directory() { return "/"; }
  // The body of an http(s) URL that a kustomization names as a resource. Sources without a network answer with an Error.
  virtual Result<std::string> fetch(const std::string& url);
};

// The real file system.
class DiskFiles : public FileSource {
 public:
  bool exists(const std::string& path) override;
  bool is_directory(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::string> resolve(const std::string& path) override;
  std::string working_directory() override;
};

// Files by absolute path; folders are those in which files stand.
class MemoryFiles : public FileSource {
 public:
  MemoryFiles() = default;
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  void put(std::string path, std::string content) { files_[std::move(path)] = std::move(content); }
  bool exists(const std::string& path) override;
  bool is_directory(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::string> resolve(const std::string& path) override;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace skerry::kustomize
