// WorkQueue: keys to work on. Three collections, one invariant: a key is in `order` exactly if it is dirty and not
// being processed. So a key is never handed out twice at once, and a key added while it is processed comes again.
//
// Not thread-safe; Controller keeps it under its lock.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <unordered_set>

namespace skerry::client {

class WorkQueue {
 public:
  // False if the key was waiting already.
  bool add(const std::string& key);
  // The next key, now being processed.
  std::optional<std::string> take();
  // Must follow every take().
  void done(const std::string& key);

  size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }
  size_t processing() const { return processing_.size(); }

 private:
  std::deque<std::string> order_;
  std::unordered_set<std::string> dirty_;
  std::unordered_set<std::string> processing_;
};

}  // namespace skerry::client
