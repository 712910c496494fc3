// LocalClient: client::Client inside the API server's process, over the pipeline, with an identity of its own.
#pragma once

#include <string>

#include "api/request.h"
#include "base/executor.h"
#include "client/client.h"

namespace skerry::apiserver {

class Pipeline;

// A component of this process: `system:kube-controller-manager` and the like, also in system:masters, as whoever shares
// the process could do anything anyway; the name is what audits and messages show.
api::UserInfo component_identity(const std::string& name);

// Watches deliver on the executor's threads.
class LocalClient final : public client::Client {
 public:
  LocalClient(Pipeline& pipeline, Executor& executor, api::UserInfo identity)
      : pipeline_(pipeline), executor_(executor), identity_(std::move(identity)) {}

  Result<api::Response> send(api::Request request) override;
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler) override;

 private:
  Pipeline& pipeline_;
  Executor& executor_;
  api::UserInfo identity_;
};

}  // namespace skerry::apiserver
