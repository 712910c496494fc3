// PodControl: creates and deletes a controller's pods, with the events that tell of it.
#pragma once

#include <functional>
#include <string>

#include "api/gvr.h"
#include "client/client.h"
#include "client/events.h"

namespace skerry::controllers {

// A Pod from a PodTemplateSpec: labels, annotations, finalizers and spec are the template's, the name is generated
// from the owner's.
Json pod_from_template(const Json& pod_template, const api::Meta& owner, const Json& owner_reference);

// Calls `attempt` `count` times in batches of 1, 2, 4, ... and stops after a batch in which one failed: whatever made
// it fail would fail the rest as well. Returns how many succeeded and the first error.
struct BatchResult {
  int64_t succeeded = 0;
  Status status;
};
BatchResult slow_start(int64_t count, const std::function<Status()>& attempt);

class PodControl {
 public:
  PodControl(client::Client& client, client::EventRecorder& events) : client_(client), events_(events) {}

  // Events SuccessfulCreate / FailedCreate, SuccessfulDelete / FailedDelete about the owner.
  Result<api::ObjectPtr> create(const std::string& ns, Json pod, const client::ObjectReference& owner);
  Status remove(const std::string& ns, const std::string& name, const std::string& uid,
                const client::ObjectReference& owner);

 private:
  client::Client& client_;
  client::EventRecorder& events_;
};

}  // namespace skerry::controllers
