#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"
#include "os/files.h"

namespace skerry::os {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<pid_t> spawn(const SpawnOptions& options) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  const int fds[3] = {options.stdin_fd, options.stdout_fd, options.stderr_fd};
  // First out of the way of 0..2, then to their places: the sources may be 0..2 themselves.
  const int spare = std::max({2, fds[0], fds[1], fds[2]}) + 1;
  for (int i = 0; i < 3; ++i)
    if (fds[i] >= 0) posix_spawn_file_actions_adddup2(&actions, fds[i], spare + i);
  for (int i = 0; i < 3; ++i) {
    if (fds[i] >= 0) {
      posix_spawn_file_actions_adddup2(&actions, spare + i, i);
    } else {
      posix_spawn_file_actions_addopen(&actions, i, "/dev/null", i == 0 ? O_RDONLY : O_WRONLY, 0);
    }
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                            (options.new_session ? POSIX_SPAWN_SETSID : 0));
  std::vector<char*> argv = pointers(options.argv), env = pointers(options.env);
  pid_t pid = -1;
  const std::string& program = options.program.empty() ? options.argv[0] : options.program;
  int err = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (err) return errno_error("start " + program, err);
  return pid;
}

Result<int> wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return errno_error("wait for process " + std::to_string(pid), errno);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<CommandResult> run_command(const SpawnOptions& given, std::chrono::milliseconds timeout) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  Fd reader(ends[0]), writer(ends[1]);
  SpawnOptions options = given;
  options.stdout_fd = options.stderr_fd = writer.get();
  pid_t pid = TRY(spawn(options));
  writer.reset();
  CommandResult result;
  auto deadline = std::chrono::steady_clock::now() + timeout;
  bool timed_out = false;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd p{reader.get(), POLLIN, 0};
    int ready = poll(&p, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      timed_out = true;
      kill(pid, SIGKILL);
      break;
    }
    char buffer[4096];
    ssize_t n = read(reader.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (result.output.size() < 65536) result.output.append(buffer, n);
  }
  result.exit_code = TRY(wait_for(pid));
  if (timed_out) return Error(Reason::kTimeout, options.argv[0] + " did not end within " + std::to_string(timeout.count()) + " ms");
  return result;
}

Result<Fd> open_pidfd(pid_t pid) {
  int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return errno_error("pidfd_open " + std::to_string(pid), errno);
  return Fd(fd);
}

bool wait_pidfd(int pidfd, std::chrono::milliseconds timeout) {
  auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd p{pidfd, POLLIN, 0};
    int ready = poll(&p, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

uint64_t process_start_time(pid_t pid) {
  auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!text) return 0;
  size_t after_name = text->rfind(')');  // the name may hold anything
  if (after_name == std::string::npos) return 0;
  std::vector<std::string_view> fields = split(std::string_view(*text).substr(after_name + 1), ' ');
  if (fields.size() < 21) return 0;
  return static_cast<uint64_t>(parse_int(fields[20]).value_or(0));
}

void open_standard_files() {
  for (int fd = 0; fd < 3; ++fd) {
    // open() takes the lowest number that is free, and those below are taken.
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd) _exit(126);
  }
}

std::string own_executable() {
  char buffer[4096];
  ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, n) : "/proc/self/exe";
}

}  // namespace skerry::os
