#include "kubectl/change/editor.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

#include "base/strings.h"
#include "kubectl/session.h"

extern char** environ;

namespace skerry::kubectl {

namespace {

// As the stock client runs it: words split at blanks, by the shell only where there are quotes.
std::vector<std::string> command_of(const std::string& editor, const std::string& path) {
  std::vector<std::string> out;
  if (editor.find_first_of("\"'\\") != std::string::npos && editor.find(' ') != std::string::npos) {
    const char* shell = std::getenv("SHELL");
    return {shell && *shell ? shell : ::access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh", "-c", editor + " '" + path + "'"};
  }
  for (auto word : split(editor, ' '))
    if (!word.empty()) out.emplace_back(word);
  out.push_back(path);
  return out;
}

// A new file of mode 0600 below the temporary folder; its name ends in digits and `suffix`.
int create_file(const std::string& prefix, const std::string& suffix, std::string& path) {
  const char* tmp = std::getenv("TMPDIR");
  std::random_device random;
  for (int attempt = 0; attempt < 100; ++attempt) {
    path = std::string(tmp && *tmp ? tmp : "/tmp") + "/" + prefix + std::to_string(random()) + suffix;
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

}  // namespace

Result<Edited> edit_text(const std::string& text, const std::string& prefix, const std::string& suffix) {
  std::string path;
  int fd = create_file(prefix, suffix, path);
  if (fd < 0) return plain_error("unable to create a temporary file: " + std::string(std::strerror(errno)));
  bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  written = ::close(fd) == 0 && written;
  if (!written) {
    std::string why = std::strerror(errno);
    ::unlink(path.c_str());
    return plain_error("unable to write " + path + ": " + why);
  }
  std::string editor = "vi";
  for (const char* name : {"KUBE_EDITOR", "EDITOR"})
    if (const char* e = std::getenv(name); e && *e) {
      editor = e;
      break;
    }
  auto command = command_of(editor, path);
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string shown = command[1] == "-c" ? command[0] + " -c " + editor : editor;
  pid_t pid;
  if (int rc = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ); rc != 0) {
    ::unlink(path.c_str());
    return plain_error((command[0].find('/') == std::string::npos ? "unable to launch the editor \"" : "there was a problem with the editor \"") + shown + "\"");
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ::unlink(path.c_str());
    return plain_error("there was a problem with the editor \"" + shown + "\"");
  }
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return Edited{out.str(), path};
}

}  // namespace skerry::kubectl
