#include "client/cache_set.h"

namespace skerry::client {

Cache& CacheSet::of(const api::Gvr& gvr) {
  std::lock_guard l(mutex_);
  auto& cache = caches_[gvr];
  if (!cache) cache = std::make_unique<Cache>(client_, executor_, gvr);
  return *cache;
}

void CacheSet::start() {
  std::lock_guard l(mutex_);
  started_ = true;
  for (auto& [gvr, cache] : caches_) cache->start();
}

void CacheSet::stop() {
  std::vector<Cache*> all;
  {
    std::lock_guard l(mutex_);
    for (auto& [gvr, cache] : caches_) all.push_back(cache.get());
  }
  // Not under the lock: stop() waits for handlers, and they may ask for a cache.
  for (Cache* cache : all) cache->stop();
}

bool CacheSet::synced() const {
  std::lock_guard l(mutex_);
  if (!started_) return false;
  for (auto& [gvr, cache] : caches_)
    if (!cache->synced()) return false;
  return true;
}

}  // namespace skerry::client
