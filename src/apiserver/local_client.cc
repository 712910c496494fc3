#include "apiserver/local_client.h"

#include "apiserver/pipeline.h"
#include "apiserver/watch_pump.h"

namespace skerry::apiserver {
namespace {

class LocalWatch final : public api::Watch {
 public:
  explicit LocalWatch(std::shared_ptr<WatchPump> pump) : pump_(std::move(pump)) {}
  ~LocalWatch() override { pump_->stop(); }

 private:
  std::shared_ptr<WatchPump> pump_;
};

}  // namespace

api::UserInfo component_identity(const std::string& name) {
  api::UserInfo user;
  user.name = name;
  user.groups = {"system:masters", "system:authenticated"};
  return user;
}

Result<api::Response> LocalClient::send(api::Request request) {
  request.user = identity_;
  return pipeline_.handle(std::move(request));
}

Result<std::unique_ptr<api::Watch>> LocalClient::watch(api::Request request, api::WatchHandler handler) {
  request.user = identity_;
  request.verb = api::Verb::kWatch;
  auto take = [handler](std::span<const api::WatchEvent> events) {
    handler(events);
    return true;
  };
  auto end = [handler](const api::WatchEvent& event) { handler({&event, 1}); };
  auto pump = std::make_shared<WatchPump>(executor_, take, end);
  auto stream = TRY(pipeline_.watch(request, [weak = std::weak_ptr(pump)] {
    if (auto p = weak.lock()) p->kick();
  }));
  pump->start(std::move(stream));
  return std::unique_ptr<api::Watch>(std::make_unique<LocalWatch>(std::move(pump)));
}

}  // namespace skerry::apiserver
