#include "runtime/shim.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/strings.h"
#include "os/cgroup.h"
#include "os/files.h"
#include "os/netns.h"
#include "runtime/shim_container.h"
#include "runtime/shim_protocol.h"

namespace skerry::runtime {

namespace {

char g_packet[kMaxShimMessage];

struct ShimArguments {
  std::string crun, crun_root, socket, netns, hostname;
  bool new_ipc = false, new_uts = false, share_pid = false;
  std::vector<std::string> sysctls;      // "net.ipv4.x=1"
  std::vector<std::string> procs_files;  // of the shims' cgroup
};

[[noreturn]] void die(const std::string& message) {
  (void)os::write_all(2, message);
  _exit(1);
}

ShimArguments parse(int argc, char** argv) {
  ShimArguments a;
  for (int i = 2; i < argc; ++i) {
    std::string_view arg = argv[i];
    size_t equals = arg.find('=');
    std::string_view name = arg.substr(0, equals);
    std::string value(equals == std::string_view::npos ? std::string_view() : arg.substr(equals + 1));
    if (name == "crun") a.crun = value;
    else if (name == "crun-root") a.crun_root = value;
    else if (name == "socket") a.socket = value;
    else if (name == "netns") a.netns = value;
    else if (name == "hostname") a.hostname = value;
    else if (name == "uts") a.new_uts = true;
    else if (name == "ipc") a.new_ipc = true;
    else if (name == "share-pid") a.share_pid = true;
    else if (name == "sysctl") a.sysctls.push_back(value);
    else if (name == "procs") a.procs_files.push_back(value);
    else die("skerry shim is started by skerry itself");
  }
  if (a.crun.empty() || a.socket.empty()) die("skerry shim is started by skerry itself");
  return a;
}

class Connection;

// A running crun, and what to do when it has ended.
struct Operation {
  ShimOp op;
  std::string container;
  Connection* connection = nullptr;  // null: the client has gone
  std::string scratch;               // <scratch>.log, .pid, .sock, .json
  std::string flags;
  os::Fd console;
};

class Shim {
 public:
  explicit Shim(const ShimArguments& arguments) : args_(arguments), poller_(epoll_create1(EPOLL_CLOEXEC)) {}

  void set_up();
  int run();

  void handle(Connection& connection, ShimMessage& message);
  void closed(Connection& connection);
  Poller& poller() { return poller_; }

 private:
  struct Acceptor : EventTarget {
    explicit Acceptor(Shim& s) : shim(s) {}
    void on_event(uint32_t) override { shim.accept_one(); }
    Shim& shim;
  };
  struct Reaper : EventTarget {
    explicit Reaper(Shim& s) : shim(s) {}
    void on_event(uint32_t) override { shim.reap(); }
    Shim& shim;
  };

  void accept_one();
  void reap();
  void ended(pid_t pid, int code);
  void start_init();
  pid_t start_crun(const std::vector<std::string>& arguments, const std::vector<std::string>& procs, bool mount_fix, int in,
                   int out, int err);
  void create(Connection& connection, ShimMessage& message);
  void exec(Connection& connection, ShimMessage& message);
  void attach(Connection& connection, ShimMessage& message);
  void created(Operation& operation, int code);
  void executed(Operation& operation, int code);
  void publish(const ShimContainer& container);
  ShimContainer* find(const ShimMessage& message);

  ShimArguments args_;
  Poller poller_;
  os::Fd listener_, signals_;
  Acceptor acceptor_{*this};
  Reaper reaper_{*this};
  std::map<std::string, std::unique_ptr<ShimContainer>> containers_;
  std::map<pid_t, Operation> operations_;
  struct ExecProcess {
    Connection* connection;
    bool kill_with_connection;
  };
  std::map<pid_t, ExecProcess> execs_;
  std::map<pid_t, int> strays_;  // ended before anybody knew them
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> dead_connections_;
  pid_t init_pid_ = 0;
  bool done_ = false;
};

class Connection final : public EventTarget {
 public:
  Connection(Shim& shim, os::Fd fd) : shim_(shim), fd_(std::move(fd)) { shim_.poller().add(fd_.get(), EPOLLIN, this); }
  ~Connection() override { shim_.poller().remove(fd_.get()); }

  void on_event(uint32_t) override {
    auto message = receive_shim_message(fd_.get(), g_packet, MSG_DONTWAIT);
    if (message) {
      shim_.handle(*this, *message);
    } else if (errno != EAGAIN || message.error().message == "closed") {
      shim_.closed(*this);
    }
  }
  void answer(ShimOp op, const std::vector<std::string>& fields = {}, const std::vector<int>& fds = {}) {
    (void)send_shim_message(fd_.get(), op, fields, fds);
  }
  void fail(std::string message) { answer(ShimOp::kError, {std::move(message)}); }

  bool subscribed = false;
  std::string attached_to;  // container

 private:
  Shim& shim_;
  os::Fd fd_;
};

void Shim::set_up() {
  umask(022);
  if (chdir("/") != 0 || setsid() < 0) {}
  for (const std::string& file : args_.procs_files) (void)os::write_existing(file, "0");
  int flags = (args_.netns.empty() ? 0 : CLONE_NEWNET) | (args_.new_uts ? CLONE_NEWUTS : 0) | (args_.new_ipc ? CLONE_NEWIPC : 0);
  if (flags && unshare(flags) != 0) die(std::string("create the pod's namespaces: ") + strerror(errno));
  if (args_.new_uts && !args_.hostname.empty() && sethostname(args_.hostname.data(), args_.hostname.size()) != 0)
    die("set the host name \"" + args_.hostname + "\": " + strerror(errno));
  if (!args_.netns.empty()) {
    if (Status up = os::set_loopback_up(); !up) die(up.error().message);
    if (Status pinned = os::pin_network_namespace(args_.netns); !pinned) die(pinned.error().message);
  }
  for (const std::string& sysctl : args_.sysctls) {
    size_t equals = sysctl.find('=');
    std::string path = "/proc/sys/" + sysctl.substr(0, equals);
    for (size_t i = 10; i < path.size(); ++i)
      if (path[i] == '.') path[i] = '/';
    if (Status written = os::write_existing(path, sysctl.substr(equals + 1)); !written) die("set sysctl " + sysctl + ": " + written.error().message);
  }
  auto listener = listen_unix(args_.socket, SOCK_SEQPACKET | SOCK_NONBLOCK);
  if (!listener) die(listener.error().message);
  listener_ = std::move(*listener);

  // The parent of this process waits for the pid on stdout, then nothing of it is left.
  pid_t pid = fork();
  if (pid < 0) die(std::string("fork: ") + strerror(errno));
  if (pid > 0) {
    char text[16];
    int n = snprintf(text, sizeof text, "%d", pid);
    (void)os::write_all(1, {text, static_cast<size_t>(n)});
    _exit(0);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NAME, "skerry-shim");
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  close(null);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  signals_ = os::Fd(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  poller_.add(listener_.get(), EPOLLIN, &acceptor_);
  poller_.add(signals_.get(), EPOLLIN, &reaper_);
  if (args_.share_pid) start_init();
}

// shareProcessNamespace: process 1 of the pod's pid namespace; it only reaps, and ends with the shim.
void Shim::start_init() {
  pid_t pid = static_cast<pid_t>(syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (pid != 0) {
    init_pid_ = pid;
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "skerry-init");
  close_range(3, ~0U, 0);
  signal(SIGCHLD, SIG_DFL);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (;;) {
    int signal_number;
    sigwait(&child, &signal_number);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {}
  }
}

int Shim::run() {
  while (!done_) {
    epoll_event event;  // one at a time: handling one may delete the target of another
    int n = epoll_wait(poller_.get(), &event, 1, -1);
    if (n < 0 && errno != EINTR) return 1;
    if (n == 1) static_cast<EventTarget*>(event.data.ptr)->on_event(event.events);
    dead_connections_.clear();
  }
  if (init_pid_ > 0) kill(init_pid_, SIGKILL);
  unlink(args_.socket.c_str());
  return 0;
}

void Shim::accept_one() {
  os::Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return;
  auto connection = std::make_unique<Connection>(*this, std::move(fd));
  Connection* key = connection.get();
  connections_[key] = std::move(connection);
}

void Shim::closed(Connection& connection) {
  for (auto& [pid, operation] : operations_)
    if (operation.connection == &connection) operation.connection = nullptr;
  for (auto& [pid, process] : execs_) {
    if (process.connection != &connection) continue;
    process.connection = nullptr;
    if (process.kill_with_connection) kill(pid, SIGKILL);
  }
  if (auto it = containers_.find(connection.attached_to); it != containers_.end()) {
    it->second->detach(&connection);
    if (it->second->stdin_once) it->second->stdin_fd.reset();
  }
  auto it = connections_.find(&connection);
  dead_connections_.push_back(std::move(it->second));
  connections_.erase(it);
}

void Shim::reap() {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {}
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) ended(pid, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

void Shim::ended(pid_t pid, int code) {
  if (auto it = operations_.find(pid); it != operations_.end()) {
    Operation operation = std::move(it->second);
    operations_.erase(it);
    if (operation.op == ShimOp::kCreate) return created(operation, code);
    if (operation.op == ShimOp::kExec) return executed(operation, code);
    ShimContainer* container = containers_.count(operation.container) ? containers_[operation.container].get() : nullptr;
    if (code == 0 && container && container->state == ShimContainer::State::kCreated) {
      container->state = ShimContainer::State::kRunning;
      container->started_ns = wall_clock_ns();
    }
    if (!operation.connection) return;
    if (code == 0 && container) return operation.connection->answer(ShimOp::kOk, {std::to_string(container->started_ns)});
    auto log = os::read_file(operation.scratch + ".log", 65536);
    return operation.connection->fail(log ? log->substr(0, 8192) : "crun start failed");
  }
  if (auto it = execs_.find(pid); it != execs_.end()) {
    if (it->second.connection) it->second.connection->answer(ShimOp::kExit, {std::to_string(code)});
    execs_.erase(it);
    return;
  }
  for (auto& [id, container] : containers_) {
    if (container->pid != pid || container->state == ShimContainer::State::kExited) continue;
    if (container->started_ns == 0) container->started_ns = wall_clock_ns();
    container->finished(code);
    publish(*container);
    return;
  }
  // An orphan of a container, or an exec that ended before its crun. Keep the newest few.
  if (strays_.size() > 64) strays_.clear();
  strays_[pid] = code;
}

void Shim::publish(const ShimContainer& container) {
  for (auto& [key, connection] : connections_) {
    if (connection->subscribed) connection->answer(ShimOp::kEvent, container.describe());
    if (connection->attached_to == container.id) connection->answer(ShimOp::kExit, {std::to_string(container.exit_code)});
  }
}

ShimContainer* Shim::find(const ShimMessage& message) {
  if (message.fields.empty()) return nullptr;
  auto it = containers_.find(message.fields[0]);
  return it == containers_.end() ? nullptr : it->second.get();
}

void Shim::handle(Connection& connection, ShimMessage& message) {
  ShimContainer* container = find(message);
  switch (message.op) {
    case ShimOp::kCreate:
      return create(connection, message);
    case ShimOp::kList: {
      std::vector<std::string> fields;
      for (auto& [id, c] : containers_)
        for (std::string& text : c->describe()) fields.push_back(std::move(text));
      return connection.answer(ShimOp::kOk, fields);
    }
    case ShimOp::kSubscribe:
      connection.subscribed = true;
      return connection.answer(ShimOp::kOk, {std::to_string(init_pid_)});
    case ShimOp::kDial: {
      os::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      os::Fd fd6(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (!fd) return connection.fail(std::string("socket: ") + strerror(errno));
      if (!fd6) return connection.answer(ShimOp::kOk, {}, {fd.get()});
      return connection.answer(ShimOp::kOk, {}, {fd.get(), fd6.get()});
    }
    case ShimOp::kShutdown:
      done_ = true;
      return connection.answer(ShimOp::kOk);
    default:
      break;
  }
  if (!container) return connection.fail("no such container");
  bool alive = container->pid > 0 && container->state != ShimContainer::State::kExited;
  switch (message.op) {
    case ShimOp::kStart: {
      if (container->state != ShimContainer::State::kCreated || !alive) return connection.fail("container is not in state created");
      Operation operation{message.op, container->id, &connection, container->bundle + "/start", "", {}};
      pid_t pid = start_crun({"--log=" + operation.scratch + ".log", "--log-format=json", "start", container->id}, {}, container->mount_fix, -1, -1, -1);
      if (pid < 0) return connection.fail(std::string("fork: ") + strerror(errno));
      operations_[pid] = std::move(operation);
      return;
    }
    case ShimOp::kKill: {
      int number = message.fields.size() > 1 ? atoi(message.fields[1].c_str()) : 0;
      if (alive && kill(container->pid, number) != 0) return connection.fail(std::string("kill: ") + strerror(errno));
      return connection.answer(ShimOp::kOk);
    }
    case ShimOp::kDelete:
      if (alive) return connection.fail("container has not ended");
      containers_.erase(container->id);
      return connection.answer(ShimOp::kOk);
    case ShimOp::kExec:
      if (!alive) return connection.fail("container is not running");
      return exec(connection, message);
    case ShimOp::kAttach:
      if (!alive) return connection.fail("container is not running");
      return attach(connection, message);
    case ShimOp::kCloseStdin:
      container->stdin_fd.reset();
      return connection.answer(ShimOp::kOk);
    case ShimOp::kReopen:
      if (!container->open_log()) return connection.fail("open " + container->log_path + ": " + strerror(errno));
      return connection.answer(ShimOp::kOk);
    default:
      return connection.fail("unknown operation");
  }
}

// In the child of fork(): crun joins `procs`, then becomes crun.
pid_t Shim::start_crun(const std::vector<std::string>& arguments, const std::vector<std::string>& procs, bool mount_fix, int in,
                       int out, int err) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  for (const std::string& file : procs)
    if (Status entered = os::write_existing(file, "0"); !entered) _exit(125);
  if (mount_fix) {
    // crun refuses a hybrid layout whose v2 part has controllers. It need not see that part: it manages no cgroups here.
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/sys/fs/cgroup", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) _exit(125);
    umount2("/sys/fs/cgroup/unified", MNT_DETACH);
  }
  int null = open("/dev/null", O_RDWR);
  const int fds[3] = {in, out, err};
  int base = null;
  for (int fd : fds)
    if (fd > base) base = fd;
  for (int i = 0; i < 3; ++i) dup2(fds[i] >= 0 ? fds[i] : null, base + 1 + i);
  for (int i = 0; i < 3; ++i) dup2(base + 1 + i, i);
  close_range(3, ~0U, 0);
  for (int number = 1; number < 32; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv = {const_cast<char*>("crun"), const_cast<char*>("--cgroup-manager=disabled"), const_cast<char*>("--root"),
                             const_cast<char*>(args_.crun_root.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* env[] = {path, nullptr};
  execve(args_.crun.c_str(), argv.data(), env);
  _exit(127);
}

void Shim::create(Connection& connection, ShimMessage& message) {
  if (message.fields.size() < 7) return connection.fail("malformed create");
  if (find(message)) return connection.fail("container exists");
  auto owned = std::make_unique<ShimContainer>(poller_, message.fields[0]);
  ShimContainer& c = *owned;
  c.bundle = message.fields[1];
  c.state_dir = message.fields[2];
  c.log_path = message.fields[3];
  c.oom_file = message.fields[4];
  const std::string& flags = message.fields[5];
  c.stdin_open = has_flag(flags, 'i');
  c.stdin_once = has_flag(flags, '1');
  c.tty = has_flag(flags, 't');
  c.mount_fix = message.fields[6] == "1";
  c.procs_files.assign(message.fields.begin() + 7, message.fields.end());
  if (!c.open_log()) return connection.fail("open " + c.log_path + ": " + strerror(errno));

  Operation operation{ShimOp::kCreate, c.id, &connection, c.bundle + "/create", "", {}};
  std::vector<std::string> arguments = {"--log=" + operation.scratch + ".log", "--log-format=json", "create", "--bundle", c.bundle,
                                        "--pid-file", operation.scratch + ".pid", "--no-new-keyring"};
  os::Fd in, out, err;
  if (c.tty) {
    auto console = listen_unix(operation.scratch + ".sock", SOCK_STREAM | SOCK_NONBLOCK);
    if (!console) return connection.fail(console.error().message);
    operation.console = std::move(*console);
    arguments.insert(arguments.end(), {"--console-socket", operation.scratch + ".sock"});
  } else {
    int p[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    for (int i = c.stdin_open ? 0 : 1; i < 3; ++i)
      if (pipe2(p[i], O_CLOEXEC) != 0) return connection.fail(std::string("pipe: ") + strerror(errno));
    in = os::Fd(p[0][0]);
    c.stdin_fd = os::Fd(p[0][1]);
    c.watch_output(p[1][0], p[2][0]);
    out = os::Fd(p[1][1]);
    err = os::Fd(p[2][1]);
  }
  arguments.push_back(c.id);
  pid_t pid = start_crun(arguments, c.procs_files, c.mount_fix, in.get(), out.get(), err.get());
  if (pid < 0) return connection.fail(std::string("fork: ") + strerror(errno));
  operations_[pid] = std::move(operation);
  containers_[c.id] = std::move(owned);
}

// The pty master that crun sent to the console socket.
os::Fd take_console(int listener) {
  os::Fd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd) return {};
  char data[256];
  iovec part{data, sizeof data};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(fd.get(), &message, MSG_CMSG_CLOEXEC) < 0) return {};
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS) return {};
  int master;
  memcpy(&master, CMSG_DATA(header), sizeof master);
  return os::Fd(master);
}

pid_t read_pid(const std::string& path) {
  auto text = os::read_file(path, 64);
  return text ? static_cast<pid_t>(atoi(text->c_str())) : 0;
}

std::string failure(const Operation& operation, int code) {
  auto log = os::read_file(operation.scratch + ".log", 1 << 20);
  if (log && !log->empty()) return log->size() > 8192 ? log->substr(log->size() - 8192) : *log;
  if (code == 125) return "enter the container's cgroup: it may have been removed";
  return "crun ended with code " + std::to_string(code) + " and no message";
}

void Shim::created(Operation& operation, int code) {
  auto it = containers_.find(operation.container);
  if (it == containers_.end()) return;
  ShimContainer& c = *it->second;
  if (code == 0) c.pid = read_pid(operation.scratch + ".pid");
  if (code == 0 && c.tty) {
    c.master = take_console(operation.console.get());
    if (c.master) c.watch_master();
  }
  if (c.pid <= 0) {
    if (operation.connection) operation.connection->fail(failure(operation, code));
    containers_.erase(it);
    return;
  }
  for (const char* suffix : {".log", ".pid", ".sock"}) (void)os::remove_file(operation.scratch + suffix);
  if (operation.connection) operation.connection->answer(ShimOp::kOk, {std::to_string(c.pid)});
  if (auto stray = strays_.find(c.pid); stray != strays_.end()) {
    int exit_code = stray->second;
    strays_.erase(stray);
    ended(c.pid, exit_code);
  }
}

void Shim::exec(Connection& connection, ShimMessage& message) {
  if (message.fields.size() < 4) return connection.fail("malformed exec");
  ShimContainer& c = *find(message);
  const std::string& flags = message.fields[3];
  Operation operation{ShimOp::kExec, c.id, &connection, message.fields[2], flags, {}};
  std::vector<std::string> arguments = {"--log=" + operation.scratch + ".log", "--log-format=json", "exec", "--detach",
                                        "--process", message.fields[1], "--pid-file", operation.scratch + ".pid"};
  int fds[3] = {-1, -1, -1};
  if (has_flag(flags, 't')) {
    auto console = listen_unix(operation.scratch + ".sock", SOCK_STREAM | SOCK_NONBLOCK);
    if (!console) return connection.fail(console.error().message);
    operation.console = std::move(*console);
    arguments.insert(arguments.end(), {"--tty", "--console-socket", operation.scratch + ".sock"});
  } else {
    size_t next = 0;
    for (int i = 0; i < 3; ++i)
      if (has_flag(flags, "ioe"[i]) && next < message.fds.size()) fds[i] = message.fds[next++].get();
  }
  arguments.push_back(c.id);
  std::vector<std::string> procs_files;
  for (const std::string& file : c.procs_files) procs_files.push_back(os::procs_file_beside(file, c.pid));
  pid_t pid = start_crun(arguments, procs_files, c.mount_fix, fds[0], fds[1], fds[2]);
  if (pid < 0) return connection.fail(std::string("fork: ") + strerror(errno));
  operations_[pid] = std::move(operation);
}

void Shim::executed(Operation& operation, int code) {
  pid_t pid = code == 0 ? read_pid(operation.scratch + ".pid") : 0;
  os::Fd master = operation.console ? take_console(operation.console.get()) : os::Fd();
  std::string problem = pid <= 0 ? failure(operation, code) : "";
  for (const char* suffix : {".log", ".pid", ".sock", ".json"}) (void)os::remove_file(operation.scratch + suffix);
  Connection* connection = operation.connection;
  if (pid <= 0) {
    if (connection) connection->fail(problem);
    return;
  }
  bool kill_it = has_flag(operation.flags, 'k');
  if (connection) {
    std::vector<int> fds;
    if (master) fds.push_back(master.get());
    connection->answer(ShimOp::kOk, {std::to_string(pid)}, fds);
  } else if (kill_it) {
    kill(pid, SIGKILL);
  }
  execs_[pid] = {connection, kill_it};
  if (auto stray = strays_.find(pid); stray != strays_.end()) {
    int exit_code = stray->second;
    strays_.erase(stray);
    ended(pid, exit_code);
  }
}

void Shim::attach(Connection& connection, ShimMessage& message) {
  ShimContainer& c = *find(message);
  std::string flags = message.fields.size() > 1 ? message.fields[1] : "";
  int fds[2] = {-1, -1};
  size_t next = 0;
  for (int i = 0; i < 2; ++i)
    if (has_flag(flags, "oe"[i]) && next < message.fds.size()) fds[i] = message.fds[next++].release();
  connection.attached_to = c.id;
  std::vector<int> give;
  if (c.tty && c.master) give.push_back(c.master.get());
  else if (has_flag(flags, 'i') && c.stdin_fd) give.push_back(c.stdin_fd.get());
  connection.answer(ShimOp::kOk, {c.tty ? "tty" : ""}, give);
  c.attach(&connection, fds[0], fds[1]);
}

}  // namespace

bool is_shim(int argc, char** argv) { return argc > 2 && strcmp(argv[1], "shim") == 0; }

int shim_main(int argc, char** argv) {
  Shim shim(parse(argc, argv));
  shim.set_up();
  return shim.run();
}

}  // namespace skerry::runtime
