#include "../harness/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace skerry::test {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

// The child's part after fork; does not return.
[[noreturn]] void exec_child(const std::vector<std::string>& argv, const RunOptions& options) {
  if (!options.netns.empty()) {
    int ns = open(("/run/netns/" + options.netns).c_str(), O_RDONLY);
    if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) _exit(126);
    close(ns);
  }
  for (auto& [k, v] : options.env) setenv(k.c_str(), v.c_str(), 1);
  std::vector<char*> args;
  for (auto& a : argv) args.push_back(const_cast<char*>(a.c_str()));
  args.push_back(nullptr);
  signal(SIGPIPE, SIG_DFL);
  execvp(args[0], args.data());
  dprintf(2, "%s: %s\n", args[0], strerror(errno));
  _exit(127);
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Output run(const std::vector<std::string>& argv, const RunOptions& options) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return {};
  pid_t pid = fork();
  if (pid == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    exec_child(argv, options);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  Output result;
  std::thread feeder([&, fd = in[1]] {
    signal(SIGPIPE, SIG_IGN);
    size_t done = 0;
    while (done < options.input.size()) {
      ssize_t n = write(fd, options.input.data() + done, options.input.size() - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    close(fd);
  });
  Deadline deadline = std::chrono::steady_clock::now() + options.timeout;
  pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* sinks[2] = {&result.out, &result.err};
  bool late = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      late = true;
      break;
    }
    if (poll(fds, 2, static_cast<int>(std::min<long>(left, 1000))) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buf[65536];
      ssize_t n = read(fds[i].fd, buf, sizeof buf);
      if (n <= 0) fds[i].fd = -1;
      else sinks[i]->append(buf, static_cast<size_t>(n));
    }
  }
  if (late) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  feeder.join();
  close(out[0]);
  close(err[0]);
  result.code = late ? -1 : code_of(status);
  if (late) result.err += "\n(killed: it did not end in time)";
  return result;
}

Background::Background(const std::vector<std::string>& argv, const RunOptions& options, const std::string& log) {
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies leaves nothing running
    int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    exec_child(argv, options);
  }
}

Background::~Background() {
  if (running()) {
    signal(SIGKILL);
    wait();
  }
}

bool Background::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  code_ = code_of(status);
  pid_ = -1;
  return false;
}

void Background::signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

int Background::wait(std::chrono::seconds timeout) {
  Deadline deadline = std::chrono::steady_clock::now() + timeout;
  while (running()) {
    if (std::chrono::steady_clock::now() > deadline) {
      FAIL_CHECK("a program did not end in time");
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      pid_ = -1;
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return code_;
}

void wait_for(const std::string& what, const std::function<bool()>& condition, std::chrono::seconds timeout) {
  Deadline deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      FAIL("gave up waiting for " << what);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::trunc) << text; }

namespace {
std::string from_env(const char* name, const char* fallback) {
  const char* v = getenv(name);
  return v != nullptr ? v : fallback;
}
}  // namespace

std::string tool(const std::string& name) { return from_env("TEST_TOOLS", "build/test-tools") + "/bin/" + name; }
std::string image(const std::string& name) { return from_env("TEST_TOOLS", "build/test-tools") + "/images/" + name; }
std::string skerry() { return from_env("SKERRY", "build/release/skerry"); }

}  // namespace skerry::test
