// ResourcePaths: HTTP requests for resources: bodies into Request values, Response values into bytes, watches onto
// connections. No thread of its own: watches are carried by the executor.
#pragma once

#include <memory>
#include <set>

#include "apiserver/media.h"
#include "apiserver/metrics.h"
#include "apiserver/pipeline.h"
#include "apiserver/route.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/guarded.h"
#include "base/random.h"
#include "http/server.h"

namespace skerry::apiserver {

class WatchSession;

class ResourcePaths {
 public:
  ResourcePaths(Pipeline& pipeline, Executor& executor, const Clock& clock, Random& random, Metrics& metrics)
      : pipeline_(pipeline), executor_(executor), clock_(clock), random_(random), metrics_(metrics) {}
  ~ResourcePaths() { stop(); }

  // An Error has not been answered yet; otherwise the code that was sent.
  Result<int> serve(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::UserInfo& user);
  // Ends all watches.
  void stop();

 private:
  friend class WatchSession;
  Result<api::Request> make_request(const http::Request& request, const Route& route, const api::UserInfo& user) const;
  Result<int> serve_watch(const http::Request& request, http::ResponseWriter& writer, api::Request asked);

  Pipeline& pipeline_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  Metrics& metrics_;
  Guarded<std::set<std::shared_ptr<WatchSession>>> sessions_;
};

}  // namespace skerry::apiserver
