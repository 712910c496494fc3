#include "http/event_loop.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace skerry::http {
namespace {

MonoTime mono_now() { return std::chrono::steady_clock::now(); }

}  // namespace

EventLoop::EventLoop() : scratch_(new char[kScratchBytes]), now_(mono_now()) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

EventLoop::~EventLoop() {
  stop();
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
  if (event_fd_ >= 0) ::close(event_fd_);
}

Status EventLoop::start() {
  if (epoll_fd_ < 0 || event_fd_ < 0) return internal_error("cannot create an epoll instance: too many open files");
  epoll_event event{EPOLLIN, {.u64 = UINT64_MAX}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, event_fd_, &event) != 0) return errno_error("epoll_ctl", errno);
  std::lock_guard l(mutex_);
  if (state_ != State::kNew) return internal_error("event loop started twice");
  state_ = State::kRunning;
  thread_ = std::thread([this] { run(); });
  return {};
}

void EventLoop::stop() {
  {
    std::lock_guard l(mutex_);
    if (state_ == State::kNew) state_ = State::kStopped;
    if (state_ == State::kRunning) {
      state_ = State::kStopping;
      signal();
    }
  }
  if (thread_.joinable()) thread_.join();
}

void EventLoop::signal() {
  if (signalled_) return;
  signalled_ = true;
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event_fd_, &one, sizeof one);
}

void EventLoop::post(std::function<void()> work) {
  {
    std::lock_guard l(mutex_);
    if (state_ != State::kStopped) {
      posted_.push_back(std::move(work));
      signal();
      return;
    }
  }
  work();
}

void EventLoop::wake(std::shared_ptr<EventSource> source) {
  if (source->wake_pending_.exchange(true)) return;
  std::lock_guard l(mutex_);
  if (state_ == State::kStopped) return;
  woken_.push_back(std::move(source));
  signal();
}

void EventLoop::add(int fd, uint32_t events, std::shared_ptr<EventSource> source) {
  if (slots_.size() <= static_cast<size_t>(fd)) slots_.resize(static_cast<size_t>(fd) + 64);
  Slot& slot = slots_[static_cast<size_t>(fd)];
  assert(!slot.source);
  slot.source = std::move(source);
  slot.generation++;
  epoll_event event{events, {.u64 = static_cast<uint64_t>(slot.generation) << 32 | static_cast<uint32_t>(fd)}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
}

void EventLoop::modify(int fd, uint32_t events) {
  Slot& slot = slots_[static_cast<size_t>(fd)];
  epoll_event event{events, {.u64 = static_cast<uint64_t>(slot.generation) << 32 | static_cast<uint32_t>(fd)}};
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::remove(int fd) {
  if (slots_.size() <= static_cast<size_t>(fd) || !slots_[static_cast<size_t>(fd)].source) return;
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  auto source = std::move(slots_[static_cast<size_t>(fd)].source);  // may be destroyed here, after the slot is empty
  source->deadline_ = MonoTime::max();
}

void EventLoop::set_deadline(EventSource& source, MonoTime deadline) {
  source.deadline_ = deadline;
  next_deadline_ = std::min(next_deadline_, deadline);
}

void EventLoop::check_deadlines() {
  if (now_ < next_deadline_) return;
  MonoTime next = MonoTime::max();
  for (size_t fd = 0; fd < slots_.size(); fd++) {
    auto source = slots_[fd].source;
    if (!source || source->deadline_ == MonoTime::max()) continue;
    if (source->deadline_ <= now_) {
      source->deadline_ = MonoTime::max();
      source->on_deadline();
    }
    next = std::min(next, source->deadline_);
  }
  next_deadline_ = next == MonoTime::max() ? next : std::max(next, now_ + std::chrono::seconds(1));
}

void EventLoop::run_posted() {
  std::vector<std::function<void()>> posted;
  std::vector<std::shared_ptr<EventSource>> woken;
  {
    std::lock_guard l(mutex_);
    posted.swap(posted_);
    woken.swap(woken_);
    signalled_ = false;
    uint64_t count;
    [[maybe_unused]] ssize_t n = ::read(event_fd_, &count, sizeof count);
  }
  for (auto& work : posted) work();
  for (auto& source : woken) {
    source->wake_pending_.store(false);
    source->on_wake();
  }
}

void EventLoop::run() {
  sigset_t all;  // signals are for others; SIGPIPE from a closed socket is for nobody
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  epoll_event events[128];
  while (true) {
    int timeout_ms = -1;
    if (next_deadline_ != MonoTime::max()) {
      auto left = std::chrono::ceil<milliseconds>(next_deadline_ - mono_now()).count();
      timeout_ms = static_cast<int>(std::clamp<int64_t>(left, 0, 3600 * 1000));
    }
    int n = epoll_wait(epoll_fd_, events, std::size(events), timeout_ms);
    now_ = mono_now();
    bool signalled = false;
    for (int i = 0; i < n; i++) {
      if (events[i].data.u64 == UINT64_MAX) {
        signalled = true;
        continue;
      }
      auto fd = static_cast<uint32_t>(events[i].data.u64);
      if (slots_.size() <= fd || slots_[fd].generation != events[i].data.u64 >> 32) continue;
      if (auto source = slots_[fd].source) source->on_ready(events[i].events);
    }
    if (signalled) run_posted();
    check_deadlines();
    std::lock_guard l(mutex_);
    if (state_ == State::kStopping && posted_.empty() && woken_.empty()) break;
  }
  // Closing may queue more work (callbacks that write to each other's streams): go on until nothing is left.
  while (true) {
    for (size_t fd = 0; fd < slots_.size(); fd++) {
      if (auto source = slots_[fd].source) source->on_stop();
    }
    run_posted();
    std::lock_guard l(mutex_);
    bool any = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.source != nullptr; });
    if (!any && posted_.empty() && woken_.empty()) {
      state_ = State::kStopped;
      break;
    }
  }
  thread_id_.store(std::thread::id(), std::memory_order_relaxed);
}

}  // namespace skerry::http
