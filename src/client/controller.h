// Reconciler, WorkQueue and Controller: the one shape of every loop in Skerry.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/result.h"

namespace skerry::client {

using Key = std::string;  // "namespace/name", or "name"

struct Outcome {
  // > 0: run this key again after that time even if nothing changes.
  std::chrono::milliseconds requeue_after{0};
};

class Reconciler {
 public:
  virtual ~Reconciler() = default;
  // Make the world agree with the object at `key`, as both are now. Runs after any change, after a restart, and
  // twice for no reason; a missing object is a normal input. An Error is retried with back-off (5 ms doubling to
  // 1000 s as in Kubernetes; Conflict and the like at once without a log line). Must not sleep.
  virtual Result<Outcome> reconcile(const Key& key) = 0;
};

// Runs a reconciler over a queue of keys on a shared Executor, at most `parallelism` keys at once and never one key
// twice at once: a key added while it runs is run again afterwards.
class Controller {
 public:
  Controller(std::string name, Reconciler& reconciler, Executor& executor, size_t parallelism = 1);
  ~Controller();  // stop()

  // Any thread, also before start(); then the key waits.
  void enqueue(const Key& key);
  void enqueue_after(const Key& key, std::chrono::milliseconds delay);

  // Begins to run keys once `ready` is true (typically: all caches synced); asked again every 10 ms until then.
  void start(std::function<bool()> ready = nullptr);
  // Waits for running reconciles.
  void stop();

  struct Stats { uint64_t runs = 0, errors = 0; size_t queued = 0; };
  Stats stats() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skerry::client
