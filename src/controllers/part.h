// Part: one controller: a reconciler with its queue, over caches shared with all the others.
//
// Its constructor adds handlers to the caches; the manager starts the caches, then the parts, and stops them in the
// opposite order before it destroys them.
#pragma once

#include <string>

#include "api/catalog.h"
#include "base/clock.h"
#include "base/executor.h"
#include "client/cache_set.h"
#include "client/client.h"
#include "client/controller.h"
#include "client/events.h"

namespace skerry::controllers {

// What every controller is given. All outlive it.
struct Context {
  client::Client& client;
  client::CacheSet& caches;
  Executor& executor;
  const Clock& clock;
  const api::Catalog& catalog;
};

using client::Key;
using client::Outcome;

class Part : public client::Reconciler {
 public:
  Part(Context& context, std::string name, size_t parallelism = 1)
      : context_(context), queue_(std::move(name), *this, context.executor, parallelism) {}

  // Once all caches are filled, keys are reconciled.
  virtual void start() {
    queue_.start([this] { return context_.caches.synced(); });
  }
  virtual void stop() { queue_.stop(); }
  client::Controller::Stats stats() const { return queue_.stats(); }

 protected:
  client::Client& client() { return context_.client; }
  client::Cache& cache(const api::Gvr& gvr) { return context_.caches.of(gvr); }
  const Clock& clock() const { return context_.clock; }
  int64_t now_s() const {
    return std::chrono::duration_cast<seconds>(context_.clock.now().time_since_epoch()).count();
  }
  std::string now_text() const { return format_rfc3339(context_.clock.now()); }
  // Enqueues the key of every object of the kind that is added or changes, and if `deletions` that goes.
  void enqueue_all_of(const api::Gvr& gvr, bool deletions = true) {
    cache(gvr).add_handler([this, deletions](const api::ObjectPtr& before, const api::ObjectPtr& after) {
      if (after) queue_.enqueue(after->key());
      else if (deletions) queue_.enqueue(before->key());
    });
  }

  Context& context_;
  client::Controller queue_;
};

}  // namespace skerry::controllers
