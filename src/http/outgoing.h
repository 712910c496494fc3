// Outgoing: what waits to be written to one connection. Anyone may push; only the loop's thread flushes.
#pragma once

#include <condition_variable>
#include <mutex>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "http/transport.h"

namespace skerry::http {

class Outgoing {
 public:
  // All parts or none; false if closed or if more than `bound` bytes would wait (an empty queue takes anything).
  enum class Push { kQueued, kClosed, kOverflow };
  Push push(std::span<const Bytes> parts, size_t bound);
  size_t pending() const;
  bool closed() const;
  bool wait_pending_at_most(size_t bytes);  // false: closed
  void close();                             // drops what waits, wakes who waits

  // Loop only. kDone: all is written; kWantWrite: the socket is full, or enough for this round has been written.
  Transport::Io flush(Transport& transport, char* scratch, bool& progress);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Bytes> queue_;  // [first_, end)
  size_t first_ = 0;
  size_t offset_ = 0;         // into queue_[first_]
  size_t bytes_ = 0;
  bool closed_ = false;
  int waiters_ = 0;
};

}  // namespace skerry::http
