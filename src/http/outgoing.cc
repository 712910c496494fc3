#include "http/outgoing.h"

namespace skerry::http {
namespace {

constexpr int kMaxParts = 64;
constexpr size_t kRoundBytes = 1 << 20;  // then others have their turn

}  // namespace

Outgoing::Push Outgoing::push(std::span<const Bytes> parts, size_t bound) {
  size_t size = 0;
  for (const Bytes& part : parts) size += part->size();
  std::lock_guard l(mutex_);
  if (closed_) return Push::kClosed;
  if (bytes_ > 0 && bytes_ + size > bound) return Push::kOverflow;
  for (const Bytes& part : parts) {
    if (!part->empty()) queue_.push_back(part);
  }
  bytes_ += size;
  return Push::kQueued;
}

size_t Outgoing::pending() const {
  std::lock_guard l(mutex_);
  return bytes_;
}

bool Outgoing::closed() const {
  std::lock_guard l(mutex_);
  return closed_;
}

bool Outgoing::wait_pending_at_most(size_t bytes) {
  std::unique_lock l(mutex_);
  waiters_++;
  changed_.wait(l, [&] { return closed_ || bytes_ <= bytes; });
  waiters_--;
  return !closed_;
}

void Outgoing::close() {
  std::vector<Bytes> dropped;
  std::lock_guard l(mutex_);
  closed_ = true;
  dropped.swap(queue_);
  first_ = offset_ = bytes_ = 0;
  changed_.notify_all();
}

Transport::Io Outgoing::flush(Transport& transport, char* scratch, bool& progress) {
  size_t written = 0;
  while (true) {
    iovec parts[kMaxParts];
    int count = 0;
    {
      std::lock_guard l(mutex_);
      if (bytes_ == 0) return Transport::Io::kDone;
      for (size_t i = first_; i < queue_.size() && count < kMaxParts; i++) {
        size_t skip = i == first_ ? offset_ : 0;
        parts[count++] = {const_cast<char*>(queue_[i]->data()) + skip, queue_[i]->size() - skip};
      }
    }
    if (written >= kRoundBytes) return Transport::Io::kWantWrite;
    size_t n = 0;  // unlocked: others may push behind, nobody else pops
    Transport::Io io = transport.write(parts, count, scratch, n);
    if (io != Transport::Io::kDone) return io;
    progress = true;
    written += n;
    std::lock_guard l(mutex_);
    if (closed_) return Transport::Io::kFailed;
    bytes_ -= n;
    n += offset_;
    while (first_ < queue_.size() && n >= queue_[first_]->size()) {
      n -= queue_[first_]->size();
      queue_[first_++].reset();
    }
    offset_ = n;
    if (first_ == queue_.size()) {
      std::vector<Bytes>().swap(queue_);
      first_ = 0;
    } else if (first_ > 1024 && first_ > queue_.size() / 2) {
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(first_));
      first_ = 0;
    }
    if (waiters_ > 0) changed_.notify_all();
  }
}

}  // namespace skerry::http
