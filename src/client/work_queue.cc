#include "client/work_queue.h"

namespace skerry::client {

bool WorkQueue::add(const std::string& key) {
  if (!dirty_.insert(key).second) return false;
  if (!processing_.contains(key)) order_.push_back(key);
  return true;
}

std::optional<std::string> WorkQueue::take() {
  if (order_.empty()) return std::nullopt;
  std::string key = std::move(order_.front());
  order_.pop_front();
  dirty_.erase(key);
  processing_.insert(key);
  return key;
}

void WorkQueue::done(const std::string& key) {
  processing_.erase(key);
  if (dirty_.contains(key)) order_.push_back(key);
}

}  // namespace skerry::client
