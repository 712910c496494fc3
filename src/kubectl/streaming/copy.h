// The local side of `cp`: packing files into a tar stream, and unpacking one below a destination.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "kubectl/streaming/tar.h"

namespace skerry::kubectl {

// "[[namespace/]pod:]path"; `pod` empty: on this machine.
struct CopyPlace {
  std::string ns{}, pod{}, path{};
};
Result<CopyPlace> parse_place(const std::string& word);

// Lexically, as Go's path.Clean: "a//b/../c/" is "a/c"; "" is ".".
std::string clean_path(std::string_view path);
std::string base_name(std::string_view clean);    // of "/": "/"
std::string parent_path(std::string_view clean);  // of "a": "."
// What the names of a tar of this remote path begin with.
std::string tar_prefix(std::string_view remote_path);
std::string shell_quoted(std::string_view word);

// Packs `path` (a file, a folder, or a pattern) as `name`, on a thread of its own, into a pipe.
class TarSource {
 public:
  TarSource(std::string path, std::string name) : path_(std::move(path)), name_(std::move(name)) {}
  ~TarSource();
  TarSource(const TarSource&) = delete;
  TarSource& operator=(const TarSource&) = delete;

  Result<int> start();  // the end to read from; closed by finish()
  Status finish();      // no more is read; what went wrong while packing

 private:
  Status pack();
  Status add(const std::string& path, const std::string& name, int depth);
  Status add_file(const std::string& path, TarEntry entry);
  Status put(std::string_view bytes);

  const std::string path_, name_;
  int read_fd_ = -1, write_fd_ = -1;
  bool unread_ = false;  // the reader has gone
  Status outcome_;       // the thread's, until it is joined
  std::thread thread_;
};

// Unpacks: entries below `prefix` become files below (or exactly) `destination`. Links are skipped, which is said;
// what would land outside of the destination likewise.
class TarTarget {
 public:
  TarTarget(std::string prefix, std::string destination, std::function<void(const std::string&)> say, std::string by_hand);
  ~TarTarget();
  TarTarget(const TarTarget&) = delete;
  TarTarget& operator=(const TarTarget&) = delete;

  Status feed(std::string_view bytes) { return parser_.feed(bytes); }
  bool complete() const { return parser_.complete(); }
  Status finish() { return end_file(); }

 private:
  Status begin(const TarEntry& entry);
  Status write(std::string_view bytes);
  Status end_file();

  const std::string prefix_, destination_;
  const std::function<void(const std::string&)> say_;
  const std::string by_hand_;  // how to copy links instead
  bool link_said_ = false;
  FILE* file_ = nullptr;
  std::string file_path_;
  TarParser parser_;
};

}  // namespace skerry::kubectl
