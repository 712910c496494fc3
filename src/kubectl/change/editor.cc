#include "kubectl/change/editor.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "kubectl/session.h"

extern char** environ;

namespace skerry::kubectl {

Result<Edited> edit_text(const std::string& text, const std::string& prefix, const std::string& suffix) {
  const char* tmp = std::getenv("TMPDIR");
  std::string path = std::string(tmp && *tmp ? tmp : "/tmp") + "/" + prefix + "XXXXXX" + suffix;
  int fd = ::mkstemps(path.data(), static_cast<int>(suffix.size()));
  if (fd < 0) return plain_error("unable to create a temporary file: " + std::string(std::strerror(errno)));
  bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  written = ::close(fd) == 0 && written;
  if (!written) return plain_error("unable to write " + path + ": " + std::strerror(errno));
  std::string editor = "vi";
  for (const char* name : {"KUBE_EDITOR", "EDITOR"})
    if (const char* e = std::getenv(name); e && *e) {
      editor = e;
      break;
    }
  std::string script = editor + " \"$1\"";
  const char* argv[] = {"/bin/sh", "-c", script.c_str(), "sh", path.c_str(), nullptr};
  pid_t pid;
  if (int rc = ::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, const_cast<char**>(argv), environ); rc != 0)
    return plain_error("unable to launch the editor \"" + editor + "\": " + std::strerror(rc));
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ::unlink(path.c_str());
    return plain_error("there was a problem with the editor \"" + editor + "\"");
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return Edited{out.str(), path};
}

}  // namespace skerry::kubectl
