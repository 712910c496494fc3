#include "runtime/shim_container.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "os/cgroup.h"
#include "os/files.h"

namespace skerry::runtime {

namespace {

// The shim is one thread; the buffers are shared by all it does.
char g_read_buffer[kMaxLogLine];

std::string_view log_stamp() {
  static char text[40];
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts;
  gmtime_r(&now.tv_sec, &parts);
  int n = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", (parts.tm_year + 1900) % 10000, parts.tm_mon + 1,
                   parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec);
  return {text, static_cast<size_t>(n)};
}

}  // namespace

int64_t wall_clock_ns() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

void Poller::add(int fd, uint32_t events, EventTarget* target) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = target;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0 && errno == EEXIST) epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

// One of stdout and stderr, or the pty.
struct Stream final : EventTarget {
  Stream(ShimContainer& owner, os::Fd source, std::string_view name, bool is_error)
      : container(owner), fd(std::move(source)), log(name), error(is_error) {}
  ~Stream() override { container.poller_.remove(fd.get()); }

  void on_event(uint32_t) override {
    if (!read_some()) container.close_stream(*this);
  }
  bool read_some();  // false: the end
  void pause(bool on);

  ShimContainer& container;
  os::Fd fd;
  CriLogStream log;
  bool error;
  bool paused = false;
};

// Someone attached to one stream: a pipe that gets a copy. While it is full the stream is not read: who attaches
// to a container accepts that it waits for them.
struct Tap final : EventTarget {
  Tap(ShimContainer& c, const void* o, os::Fd pipe, bool e) : container(c), owner(o), fd(std::move(pipe)), error(e) {
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  }
  ~Tap() override {
    if (fd) container.poller_.remove(fd.get());
  }

  void on_event(uint32_t) override { flush(); }
  void give(std::string_view bytes) {
    pending.append(bytes);
    flush();
  }
  void flush() {
    while (!pending.empty()) {
      ssize_t n = write(fd.get(), pending.data(), pending.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) {
        gone = true;
        pending.clear();
        break;
      }
      pending.erase(0, n);
    }
    if (!pending.empty()) {
      container.poller_.add(fd.get(), EPOLLOUT, this);
    } else {
      container.poller_.remove(fd.get());
    }
    Stream* stream = error ? container.err_.get() : container.out_.get();
    if (stream) stream->pause(!pending.empty());
    if (pending.empty() && (gone || !stream)) {
      container.poller_.remove(fd.get());
      fd.reset();
    }
  }

  ShimContainer& container;
  const void* owner;
  os::Fd fd;
  bool error;
  bool gone = false;
  std::string pending;
};

bool Stream::read_some() {
  ssize_t n = read(fd.get(), g_read_buffer, sizeof g_read_buffer);
  if (n < 0) return errno == EAGAIN || errno == EINTR;  // a pty's master says EIO at its end
  if (n == 0) return false;
  std::string_view bytes(g_read_buffer, n);
  if (container.log_) {
    std::string records;
    log.add(bytes, log_stamp(), records);
    if (!records.empty()) (void)os::write_all(container.log_.get(), records);
  }
  for (size_t i = 0; i < container.taps_.size(); ++i) {
    Tap& tap = *container.taps_[i];
    if (tap.error == error && tap.fd) tap.give(bytes);
  }
  return true;
}

void Stream::pause(bool on) {
  // Several may be attached: it stays paused while any of them is behind.
  if (!on)
    for (const auto& tap : container.taps_)
      if (tap->error == error && tap->fd && !tap->pending.empty()) on = true;
  if (on == paused) return;
  paused = on;
  if (on) {
    container.poller_.remove(fd.get());
  } else {
    container.poller_.add(fd.get(), EPOLLIN, this);
  }
}

ShimContainer::ShimContainer(Poller& poller, std::string name) : id(std::move(name)), poller_(poller) {}

ShimContainer::~ShimContainer() {
  taps_.clear();
  out_.reset();
  err_.reset();
}

bool ShimContainer::open_log() {
  if (log_path.empty()) return true;
  os::Fd fd(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!fd) return false;
  log_ = std::move(fd);
  return true;
}

void ShimContainer::watch_output(int out, int err) {
  fcntl(out, F_SETFL, O_NONBLOCK);
  fcntl(err, F_SETFL, O_NONBLOCK);
  out_ = std::make_unique<Stream>(*this, os::Fd(out), "stdout", false);
  err_ = std::make_unique<Stream>(*this, os::Fd(err), "stderr", true);
  poller_.add(out, EPOLLIN, out_.get());
  poller_.add(err, EPOLLIN, err_.get());
}

void ShimContainer::watch_master() {
  int fd = dup(master.get());
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  out_ = std::make_unique<Stream>(*this, os::Fd(fd), "stdout", false);
  poller_.add(fd, EPOLLIN, out_.get());
}

void ShimContainer::close_stream(Stream& stream) {
  std::string records;
  stream.log.finish(log_stamp(), records);
  if (log_ && !records.empty()) (void)os::write_all(log_.get(), records);
  bool error = stream.error;
  (error ? err_ : out_).reset();
  for (size_t i = 0; i < taps_.size(); ++i)
    if (taps_[i]->error == error && taps_[i]->fd) taps_[i]->flush();  // closes it once all is written
}

void ShimContainer::attach(const void* owner, int out, int err) {
  dead_taps_.clear();
  for (int fd : {out, err}) {
    if (fd < 0) continue;
    taps_.push_back(std::make_unique<Tap>(*this, owner, os::Fd(fd), fd == err));
    if (!(fd == err ? err_ : out_)) taps_.back()->flush();  // nothing more will come
  }
}

void ShimContainer::detach(const void* owner) {
  dead_taps_.clear();
  for (size_t i = 0; i < taps_.size();) {
    if (taps_[i]->owner != owner) {
      ++i;
      continue;
    }
    Tap& tap = *taps_[i];
    tap.pending.clear();
    tap.gone = true;
    if (tap.fd) tap.flush();
    dead_taps_.push_back(std::move(taps_[i]));
    taps_.erase(taps_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void ShimContainer::finished(int code) {
  finished_ns = wall_clock_ns();
  exit_code = code;
  // All that the container's processes wrote is in the pipes now (its pid namespace is gone). What others still write
  // follows until they end.
  for (Stream* stream : {out_.get(), err_.get()}) {
    if (!stream) continue;
    for (int i = 0; i < 1024; ++i) {
      errno = 0;
      if (!stream->read_some()) {
        close_stream(*stream);
        break;
      }
      if (errno == EAGAIN) break;
    }
  }
  if (!oom_file.empty()) {
    auto text = os::read_file(oom_file, 65536);
    oom = text && os::parse_oom_kills(*text) > 0;
  }
  stdin_fd.reset();
  state = State::kExited;
  std::string record = std::to_string(exit_code) + " " + std::to_string(started_ns) + " " + std::to_string(finished_ns) + " " +
                       (oom ? "1" : "0") + "\n";
  (void)os::write_file_atomic(state_dir + "/exit", record, 0600);
}

std::vector<std::string> ShimContainer::describe() const {
  const char* names[] = {"created", "running", "exited"};
  return {id, names[static_cast<int>(state)], std::to_string(pid), std::to_string(started_ns), std::to_string(finished_ns),
          std::to_string(exit_code), oom ? "1" : "0"};
}

}  // namespace skerry::runtime
