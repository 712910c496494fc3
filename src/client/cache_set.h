// CacheSet: one Cache per collection, shared by all who read it in one process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "client/cache.h"

namespace skerry::client {

class CacheSet {
 public:
  CacheSet(Client& client, Executor& executor) : client_(client), executor_(executor) {}

  // The cache of a collection, made at the first call. Caches, handlers and indexes are added before start().
  Cache& of(const api::Gvr& gvr);
  void start();
  void stop();
  bool synced() const;  // all of them

 private:
  Client& client_;
  Executor& executor_;
  mutable std::mutex mutex_;  // guards all below
  bool started_ = false;
  std::map<api::Gvr, std::unique_ptr<Cache>> caches_;
};

}  // namespace skerry::client
