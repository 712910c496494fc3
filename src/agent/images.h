// Images: gets the image that a container is about to start from: pull policies, pull secrets, back-off, and one pull at a
// time per image however many pods want it.
//
// Pulls run on a pool and tell the pod when they are done; everything else answers at once. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/backoff.h"
#include "agent/env.h"
#include "agent/task_pool.h"
#include "base/clock.h"
#include "json/json.h"
#include "runtime/runtime.h"

namespace skerry::agent {

// Credentials in pull secrets (kubernetes.io/dockerconfigjson and dockercfg) that fit the image's registry.
std::vector<runtime::RegistryAuth> registry_auths(const std::string& image, const Json& secret);
// The registry's host of a reference as Docker writes them: "docker.io" where none is named.
std::string registry_of(const std::string& image);
// "IfNotPresent", "Always", "Never"; the default depends on the tag.
std::string pull_policy(const Json& container);

class Images {
 public:
  struct Answer {
    enum class State { kReady, kPulling, kFailed } state = State::kPulling;
    runtime::ImageInfo image;
    std::string reason, message;            // kFailed: ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName
    std::chrono::milliseconds retry_after{0};
  };
  // An event about one container of a pod: type, reason, message.
  using Tell = std::function<void(const std::string& type, const std::string& reason, const std::string& message)>;

  Images(runtime::Runtime& runtime, TaskPool& pool, const Clock& clock, std::function<void(const std::string& pod_uid)> changed);

  // The image for starting `container` the `attempt`-th time. Ready only once per pull with policy Always.
  Answer ensure(const Json& pod, const Json& container, uint32_t attempt, const Lookup& lookup, const Tell& tell);
  // Has the container been created: the next start asks anew.
  void used(const std::string& pod_uid, const std::string& container);
  void forget_pod(const std::string& pod_uid);

 private:
  struct Want {  // one container waiting for a pull, or for back-off after one
    std::string image;
    uint32_t attempt = 0;
    bool pulling = false, pulled = false;
    bool told_backoff = false;
    MonoTime backoff_event_at{};  // not at each pass of the pod: every event is a write
    std::string error_reason, error;
    MonoTime failed_at{};
    Tell tell;
    MonoTime asked_at{};
  };
  void pull(const std::string& image, std::vector<runtime::RegistryAuth> auths);

  runtime::Runtime& runtime_;
  TaskPool& pool_;
  const Clock& clock_;
  std::function<void(const std::string&)> changed_;
  std::mutex mutex_;  // guards all below
  std::map<std::pair<std::string, std::string>, Want> wants_;  // by pod uid and container
  std::set<std::string> pulling_;
  Backoff backoff_{seconds(10), seconds(300)};  // by pod uid + image
};

}  // namespace skerry::agent
