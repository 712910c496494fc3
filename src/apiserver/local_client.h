// LocalClient: client::Client inside the API server's process, over the pipeline, with an identity of its own.
#pragma once

#include <string>

#include "api/request.h"
#include "client/client.h"

namespace skerry::apiserver {

class Pipeline;

// `system:kube-controller-manager` and the like, in system:authenticated; or with `master` also in system:masters.
api::UserInfo component_identity(const std::string& name, bool master = false);

class LocalClient final : public client::Client {
 public:
  LocalClient(Pipeline& pipeline, api::UserInfo identity) : pipeline_(pipeline), identity_(std::move(identity)) {}

  Result<api::Response> send(api::Request request) override;
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler) override;

 private:
  Pipeline& pipeline_;
  api::UserInfo identity_;
};

}  // namespace skerry::apiserver
