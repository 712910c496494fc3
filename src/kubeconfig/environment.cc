#include "kubeconfig/environment.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/strings.h"

namespace skerry::kubeconfig {

Environment Environment::of_process() {
  Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  environment.all_variables = [] {
    std::vector<std::string> all;
    for (char** entry = environ; entry && *entry; entry++) all.emplace_back(*entry);
    return all;
  };
  return environment;
}

std::optional<std::string> prompt_on_terminal(const std::string& what, bool shown) {
  std::printf("Please enter %s: ", what.c_str());
  std::fflush(stdout);
  termios before{};
  const bool hide = !shown && ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (hide) {
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  // One byte at a time: what follows the line is not ours.
  std::string line;
  ssize_t n;
  for (char c; ((n = ::read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') || (n < 0 && errno == EINTR);)
    if (n == 1 && line.size() < 65536) line += c;
  if (hide) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::printf("\n");
    std::fflush(stdout);
  }
  if (n != 1 && line.empty()) return std::nullopt;
  return std::string(trim(line));
}

}  // namespace skerry::kubeconfig
