// EventRecorder: writes core/v1 Events ("Pulled", "FailedScheduling", ...), folding repeats into one with a count.
//
// Bounded and asynchronous: record() never blocks and never fails the caller; what does not fit is dropped and counted.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/executor.h"
#include "client/client.h"

namespace skerry::client {

struct ObjectReference {  // core/v1 ObjectReference
  std::string api_version, kind, ns, name, uid, resource_version, field_path;
};
ObjectReference reference_to(const api::Gvr& gvr, std::string_view kind, const api::Object& object);

class EventRecorder {
 public:
  EventRecorder(Client& client, Executor& executor, std::string component, std::string host = "");
  ~EventRecorder();
  // type: "Normal" or "Warning".
  void record(const ObjectReference& about, std::string_view type, std::string_view reason, std::string_view message);
  // Waits until all that was recorded has been sent or dropped.
  void flush();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skerry::client
