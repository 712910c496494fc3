// ImageFolder: a directory whose images are always there: archives in it are imported and lists of references (*.txt) are
// pulled, at start and whenever they appear or change; the node never removes these images for lack of space.
//
// A file that somebody is still writing is left alone until it is closed; hidden files are ignored. What is wrong with a
// file is told once for each change of it. What could not be pulled, or had no room, is tried again with growing pauses.
// What has been imported stands in a small state file, so that a restart reads no archive twice; an image whose file has
// gone is like any other from then on.
// Threads: one, which waits for inotify and does the work. Where there is no inotify it looks every minute.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "os/fd.h"
#include "runtime/runtime.h"

namespace skerry::agent {

// The references of a list: one on each line, "#" begins a comment. Errors name the line.
Result<std::vector<std::string>> parse_image_list(std::string_view text);

class ImageFolder {
 public:
  // An event about the node: type, reason, message. May be called on the folder's thread.
  using Tell = std::function<void(const std::string& type, const std::string& reason, const std::string& message)>;

  ImageFolder(runtime::Runtime& runtime, std::string directory, std::string state_file, const Clock& clock, Tell tell);
  ~ImageFolder();  // stop()

  // Imports the archives that are there; returns when it is done. Before start().
  void import_archives();
  // Watches from now on, beginning with the lists, which need the network.
  void start();
  // Waits for the import or pull under way.
  void stop();

 private:
  struct File {
    std::string mark;                 // size and times: what was imported
    std::vector<std::string> images;  // ids
    std::string complaint;            // what is wrong with it; told already
    bool again = false;               // worth another try without a change
  };
  void run();
  void watch();
  bool scan(bool with_lists);  // true: something is to be tried again soon
  void import(const std::string& name, File& file);
  void pull(const std::string& name, File& file);
  void complain(const std::string& name, File& file, const std::string& what, bool again);
  bool present(const File& file);
  void load();
  void save_and_pin();

  runtime::Runtime& runtime_;
  const std::string directory_, state_file_;
  const Clock& clock_;
  const Tell tell_;
  std::map<std::string, File> files_;  // all from here on: by one thread at a time, first the caller's, then ours
  bool first_ = true, told_pins_ = false;
  bool unsettled_ = false;  // a file was being written when we looked
  os::Fd inotify_, wake_;
  std::atomic<bool> stopping_{false};  // any thread
  std::jthread thread_;
};

}  // namespace skerry::agent
