#include "app/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace skerry::app {

std::string absolute_folder(const std::string& path) {
  std::string out = std::filesystem::absolute(path).lexically_normal();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

bool valid_instance(const std::string& name) {
  return name.size() <= 4 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
}

Layout layout_of(const Options& options) {
  Layout l;
  l.data_dir = absolute_folder(options.text("data-dir"));
  l.run_dir = absolute_folder(options.text("run-dir"));
  l.instance = options.text("instance");
  return l;
}

Result<Layout> make_layout(const Options& options) {
  Layout l = layout_of(options);
  if (!valid_instance(l.instance))
    return Error(Reason::kBadRequest, "instance: at most four characters of [a-z0-9], not \"" + l.instance + "\"");
  for (const std::string& dir : {l.data_dir, l.run_dir, l.server_dir(), l.agent_dir()}) {
    std::error_code ec;
    std::filesystem::create_directories(dir, ec);
    if (ec) return internal_error("cannot make " + dir + ": " + ec.message());
    ::chmod(dir.c_str(), 0700);
  }
  return l;
}

Status lock_data_dir(const Layout& layout) {
  int fd = ::open(layout.lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("open " + layout.lock_file(), errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error(Reason::kConflict, layout.data_dir + " is in use by another skerry");
  }
  std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return errno_error("write " + layout.lock_file(), errno);
  return {};  // the descriptor stays open for as long as the process lives
}

}  // namespace skerry::app
