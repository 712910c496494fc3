// LocalRuntime: processes in containers, and connections into pods.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "runtime/local_runtime_impl.h"
#include "runtime/oci_spec.h"

namespace skerry::runtime {

namespace {

constexpr size_t kMaxExecOutput = 16384;

struct Pipe {
  os::Fd read, write;
  static Result<Pipe> make() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return errno_error("pipe", errno);
    return Pipe{os::Fd(fds[0]), os::Fd(fds[1])};
  }
};

class ShimSession final : public Session {
 public:
  // `end_of_input`: what closing our end of stdin does not do.
  ShimSession(os::Fd connection, os::Fd in, os::Fd out, os::Fd err, os::Fd terminal, std::function<void()> end_of_input = nullptr)
      : connection_(std::move(connection)), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)), terminal_(std::move(terminal)),
        end_of_input_(std::move(end_of_input)) {}

  int stdin_fd() override { return in_.get(); }
  int stdout_fd() override { return out_.get(); }
  int stderr_fd() override { return err_.get(); }
  void close_stdin() override {
    if (terminal_ && in_) {
      const char end_of_input = 4;
      (void)!write(in_.get(), &end_of_input, 1);
      return;
    }
    in_.reset();
    if (auto end = std::exchange(end_of_input_, nullptr)) end();
  }
  void resize(uint16_t width, uint16_t height) override {
    winsize size{height, width, 0, 0};
    if (terminal_) ioctl(terminal_.get(), TIOCSWINSZ, &size);
  }
  Result<int> wait() override {
    std::string buffer(kMaxShimMessage, '\0');
    ShimMessage message = TRY(receive_shim_message(connection_.get(), buffer.data()));
    if (message.op != ShimOp::kExit || message.fields.empty()) return internal_error("unexpected message of the pod's shim");
    return static_cast<int>(parse_int(message.fields[0]).value_or(255));
  }
  void cancel() override { shutdown(connection_.get(), SHUT_RDWR); }

 private:
  os::Fd connection_, in_, out_, err_, terminal_;
  std::function<void()> end_of_input_;
};

bool connect_within(int fd, const sockaddr* address, socklen_t size, int timeout_ms) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  bool connected = connect(fd, address, size) == 0;
  if (!connected && errno == EINPROGRESS) {
    pollfd p{fd, POLLOUT, 0};
    int error = ETIMEDOUT;
    socklen_t length = sizeof error;
    if (poll(&p, 1, timeout_ms) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    connected = error == 0;
    errno = error;
  }
  int saved = errno;
  fcntl(fd, F_SETFL, flags);
  errno = saved;
  return connected;
}

}  // namespace

Result<LocalRuntime::ExecStart> LocalRuntime::start_exec(const std::string& id, const std::vector<std::string>& command,
                                                         const std::string& flags, const std::vector<int>& fds,
                                                         TerminalSize size) {
  ContainerInfo info = TRY(container(id));
  if (info.state != ContainerState::kRunning) return Error(Reason::kConflict, "container " + info.config.name + " is not running");
  if (command.empty()) return Error(Reason::kBadRequest, "no command to run");
  uint64_t number;
  {
    std::lock_guard lock(mutex_);
    number = next_exec_++;
  }
  Json config = TRY(json::parse_json(TRY(os::read_file(bundle(id) + "/config.json"))));
  std::string scratch = bundle(id) + "/exec-" + std::to_string(getpid()) + "-" + std::to_string(number);
  TRY(os::write_file_atomic(scratch + ".json", json::dump(make_exec_process(config, command, has_flag(flags, 't'), size)), 0600,
                            os::Durability::kProcess));
  auto opened = ShimClient(socket_path(info.sandbox_id)).open(ShimOp::kExec, {id, scratch + ".json", scratch, flags}, fds);
  if (!opened) {
    (void)os::remove_file(scratch + ".json");
    return opened.error();
  }
  return ExecStart{std::move(opened->first), std::move(opened->second)};
}

Result<ExecResult> LocalRuntime::exec_sync(const std::string& id, const std::vector<std::string>& command, std::chrono::milliseconds timeout) {
  Pipe out = TRY(Pipe::make()), err = TRY(Pipe::make());
  ExecStart started = TRY(start_exec(id, command, "oek", {out.write.get(), err.write.get()}));
  out.write.reset();
  err.write.reset();
  ExecResult result;
  auto deadline = std::chrono::steady_clock::now() + timeout;
  bool ended = false;
  pollfd polls[3] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {started.connection.get(), POLLIN, 0}};
  std::string buffer(kMaxShimMessage, '\0');
  // Until the process has ended and its pipes are empty; who inherited the pipes does not keep us.
  while (!ended || polls[0].fd >= 0 || polls[1].fd >= 0) {
    int wait_ms = -1;
    if (ended) wait_ms = 0;
    else if (timeout.count() > 0) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      // The connection's end kills the process (flag k).
      if (left <= 0) return Error(Reason::kTimeout, "command timed out after " + std::to_string(timeout.count() / 1000.0).substr(0, 5) + "s");
      wait_ms = static_cast<int>(std::min<int64_t>(left + 1, 1 << 30));
    }
    int n = poll(polls, 3, wait_ms);
    if (n < 0 && errno != EINTR) return errno_error("poll", errno);
    if (n == 0 && ended) break;
    for (int i = 0; i < 2 && n > 0; ++i) {
      if (!polls[i].revents) continue;
      ssize_t got = read(polls[i].fd, buffer.data(), buffer.size());
      if (got <= 0 && errno != EINTR) polls[i].fd = -1;
      std::string& text = i == 0 ? result.out : result.err;
      if (got > 0 && text.size() < kMaxExecOutput) text.append(buffer, 0, std::min<size_t>(got, kMaxExecOutput - text.size()));
    }
    if (n > 0 && polls[2].revents) {
      ShimMessage message = TRY(receive_shim_message(polls[2].fd, buffer.data()));
      if (message.op == ShimOp::kExit && !message.fields.empty()) result.exit_code = static_cast<int>(parse_int(message.fields[0]).value_or(255));
      ended = true;
      polls[2].fd = -1;
    }
  }
  return result;
}

Result<std::unique_ptr<Session>> LocalRuntime::exec(const std::string& id, const std::vector<std::string>& command, bool in, bool out,
                                                    bool err, bool tty, TerminalSize size) {
  if (tty) {
    ExecStart started = TRY(start_exec(id, command, "t", {}, size));
    if (started.answer.fds.empty()) return internal_error("no terminal came from the container");
    os::Fd master = std::move(started.answer.fds[0]);
    os::Fd reader(fcntl(master.get(), F_DUPFD_CLOEXEC, 3)), writer(in ? fcntl(master.get(), F_DUPFD_CLOEXEC, 3) : -1);
    return std::unique_ptr<Session>(
        new ShimSession(std::move(started.connection), std::move(writer), std::move(reader), os::Fd(), std::move(master)));
  }
  Pipe pipes[3];
  const bool wanted[3] = {in, out, err};
  std::string flags;
  std::vector<int> fds;
  for (int i = 0; i < 3; ++i) {
    if (!wanted[i]) continue;
    pipes[i] = TRY(Pipe::make());
    flags += "ioe"[i];
    fds.push_back(i == 0 ? pipes[i].read.get() : pipes[i].write.get());
  }
  ExecStart started = TRY(start_exec(id, command, flags, fds));
  return std::unique_ptr<Session>(new ShimSession(std::move(started.connection), std::move(pipes[0].write), std::move(pipes[1].read),
                                                  std::move(pipes[2].read), os::Fd()));
}

Result<std::unique_ptr<Session>> LocalRuntime::attach(const std::string& id, bool in, bool out, bool err) {
  ContainerInfo info = TRY(container(id));
  if (info.state != ContainerState::kRunning) return Error(Reason::kConflict, "container " + info.config.name + " is not running");
  Pipe pipes[2];
  std::string flags = in ? "i" : "";
  std::vector<int> fds;
  if (out) {
    pipes[0] = TRY(Pipe::make());
    fds.push_back(pipes[0].write.get());
    flags += "o";
  }
  if (err && !info.config.tty) {
    pipes[1] = TRY(Pipe::make());
    fds.push_back(pipes[1].write.get());
    flags += "e";
  }
  auto [connection, answer] = TRY(ShimClient(socket_path(info.sandbox_id)).open(ShimOp::kAttach, {id, flags}, fds));
  os::Fd given = answer.fds.empty() ? os::Fd() : std::move(answer.fds[0]);
  os::Fd stdin_fd(given && in ? fcntl(given.get(), F_DUPFD_CLOEXEC, 3) : -1);
  if (!info.config.tty) given.reset();
  // The shim holds the container's stdin open for whoever attaches next; with stdinOnce nobody does.
  std::function<void()> end_of_input;
  if (in && info.config.stdin_once && !info.config.tty)
    end_of_input = [socket = socket_path(info.sandbox_id), id] {
      if (auto closed = ShimClient(socket).request(ShimOp::kCloseStdin, {id}); !closed)
        LOG_WARN("runtime", "stdin of container " << id.substr(0, 12) << ": " << closed.error().message);
    };
  return std::unique_ptr<Session>(new ShimSession(std::move(connection), std::move(stdin_fd), std::move(pipes[0].read),
                                                  std::move(pipes[1].read), std::move(given), std::move(end_of_input)));
}

Result<int> LocalRuntime::dial(const std::string& sandbox_id, uint16_t port) {
  SandboxInfo info = TRY(sandbox(sandbox_id));
  if (info.state != SandboxState::kReady) return Error(Reason::kConflict, "the pod is not running");
  ShimMessage answer = TRY(ShimClient(socket_path(sandbox_id)).request(ShimOp::kDial, {}, {}, std::chrono::seconds(10)));
  if (answer.fds.empty()) return internal_error("the pod's shim gave no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect_within(answer.fds[0].get(), reinterpret_cast<sockaddr*>(&address), sizeof address, 10000)) return answer.fds[0].release();
  int error = errno;
  if (answer.fds.size() > 1) {  // a server that listens on ::1 only
    sockaddr_in6 address6{};
    address6.sin6_family = AF_INET6;
    address6.sin6_port = htons(port);
    address6.sin6_addr = in6addr_loopback;
    if (connect_within(answer.fds[1].get(), reinterpret_cast<sockaddr*>(&address6), sizeof address6, 10000)) return answer.fds[1].release();
  }
  return errno_error("connect to port " + std::to_string(port) + " of pod " + info.config.pod_name, error);
}

}  // namespace skerry::runtime
