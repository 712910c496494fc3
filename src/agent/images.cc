#include "agent/images.h"

#include <algorithm>

#include "base/strings.h"
#include "runtime/reference.h"

namespace skerry::agent {
namespace {

constexpr auto kBackoffEventPeriod = seconds(10);

// "https://index.docker.io/v1/" and "registry.example/team" name the hosts "docker.io" and "registry.example".
std::string host_of_key(std::string key) {
  for (const char* scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) key = key.substr(std::string_view(scheme).size());
  key = key.substr(0, key.find('/'));
  return key == "index.docker.io" || key == "registry-1.docker.io" ? "docker.io" : key;
}

bool host_matches(const std::string& pattern, const std::string& host) {
  if (pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  auto dot = host.find('.');  // one label only, as Kubernetes has it
  return dot != std::string::npos && host.substr(dot) == pattern.substr(1);
}

std::string took(std::chrono::nanoseconds d) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d);
  return go_duration(ms);
}

}  // namespace

std::string registry_of(const std::string& image) {
  auto slash = image.find('/');
  if (slash == std::string::npos) return "docker.io";
  std::string first = image.substr(0, slash);
  if (first.find('.') == std::string::npos && first.find(':') == std::string::npos && first != "localhost") return "docker.io";
  return host_of_key(first);
}

std::vector<runtime::RegistryAuth> registry_auths(const std::string& image, const Json& secret) {
  std::vector<runtime::RegistryAuth> out;
  const std::string host = registry_of(image);
  auto add_all = [&](const Json& auths) {
    for (auto& [key, entry] : json::object_or_empty(auths).items()) {
      if (!host_matches(host_of_key(key), host)) continue;
      runtime::RegistryAuth auth{json::str(entry, "username"), json::str(entry, "password"),
                                 json::str(entry, "identitytoken"), json::str(entry, "registrytoken")};
      if (auto both = base64_decode(json::str(entry, "auth")); both && auth.username.empty()) {
        auto colon = both->find(':');
        if (colon != std::string::npos) {
          auth.username = both->substr(0, colon);
          auth.password = both->substr(colon + 1);
        }
      }
      out.push_back(std::move(auth));
    }
  };
  for (auto [key, inner] : {std::pair{".dockerconfigjson", true}, std::pair{".dockercfg", false}}) {
    auto text = base64_decode(json::str(secret, {"data", key}));
    if (!text || text->empty()) continue;
    if (auto config = json::parse_json(*text)) add_all(inner ? json::find(*config, "auths") : *config);
  }
  return out;
}

std::string pull_policy(const Json& container) {
  if (auto given = json::str(container, "imagePullPolicy"); !given.empty()) return given;
  const std::string image = json::str(container, "image");
  if (image.find('@') != std::string::npos) return "IfNotPresent";
  auto colon = image.rfind(':'), slash = image.rfind('/');
  bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return !tagged || image.substr(colon) == ":latest" ? "Always" : "IfNotPresent";
}

Images::Images(runtime::Runtime& runtime, TaskPool& pool, const Clock& clock, std::function<void(const std::string&)> changed)
    : runtime_(runtime), pool_(pool), clock_(clock), changed_(std::move(changed)) {}

Images::Answer Images::ensure(const Json& pod, const Json& container, uint32_t attempt, const Lookup& lookup, const Tell& tell) {
  const std::string uid = json::str(pod, {"metadata", "uid"}), name = json::str(container, "name");
  const std::string image = json::str(container, "image"), policy = pull_policy(container);
  const MonoTime now = clock_.mono();
  Answer answer;
  auto failed = [&](std::string reason, std::string message, std::chrono::milliseconds retry) {
    answer.state = Answer::State::kFailed;
    answer.reason = std::move(reason);
    answer.message = std::move(message);
    answer.retry_after = retry;
    return answer;
  };
  auto parsed = runtime::parse_reference(image);
  auto present = parsed ? runtime_.find_image(image) : Result<std::optional<runtime::ImageInfo>>(parsed.error());
  std::unique_lock l(mutex_);
  Want& want = wants_[{uid, name}];
  const bool fresh = want.image != image || want.attempt != attempt;
  if (fresh) {
    std::string last_error = want.image == image ? want.error : "";
    want = Want{};
    want.image = image;
    want.attempt = attempt;
    want.error = last_error;
  }
  if (!present && (present.error().is(Reason::kBadRequest) || present.error().is(Reason::kInvalid))) {
    std::string message = "Failed to apply default image tag \"" + image + "\": couldn't parse image name \"" + image + "\": " + present.error().message;
    if (fresh) {
      tell("Warning", "InspectFailed", message);
      tell("Warning", "Failed", "Error: InvalidImageName");
    }
    return failed("InvalidImageName", message, seconds(10));
  }
  const bool there = present && present->has_value();
  if (want.pulling) return answer;  // kPulling
  if (there && (want.pulled || policy != "Always")) {
    if (!want.pulled && fresh) tell("Normal", "Pulled", "Container image \"" + image + "\" already present on machine and can be accessed by the pod");
    want.pulled = true;
    answer.state = Answer::State::kReady;
    answer.image = **present;
    return answer;
  }
  if (policy == "Never") {
    std::string message = "Container image \"" + image + "\" is not present with pull policy of Never";
    if (fresh) {
      tell("Warning", "ErrImageNeverPull", message);
      tell("Warning", "Failed", "Error: ErrImageNeverPull");
    }
    return failed("ErrImageNeverPull", message, seconds(10));
  }
  const std::string backoff_key = uid + "/" + image;
  if (want.failed_at != MonoTime{} && backoff_.waiting(backoff_key, want.failed_at, now)) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(backoff_.delay(backoff_key) - (now - want.failed_at)) + milliseconds(1);
    // The failure itself is told once, with its own reason; after that the pod waits.
    if (!want.told_backoff) {
      want.told_backoff = true;
      auto soon = std::min<std::chrono::milliseconds>(left, milliseconds(1500));
      return failed(want.error_reason, want.error, soon);
    }
    if (want.backoff_event_at == MonoTime{} || now - want.backoff_event_at >= kBackoffEventPeriod) {
      want.backoff_event_at = now;
      tell("Normal", "BackOff", "Back-off pulling image \"" + image + "\"");
      tell("Warning", "Failed", "Error: ImagePullBackOff");
    }
    return failed("ImagePullBackOff", "Back-off pulling image \"" + image + "\": " + want.error_reason + ": " + want.error, left);
  }
  std::vector<runtime::RegistryAuth> auths;
  for (auto& ref : json::array_or_empty(json::find(pod, {"spec", "imagePullSecrets"}))) {
    const std::string secret = json::str(ref, "name");
    if (secret.empty()) continue;
    auto object = lookup({api::kSecrets, json::str(pod, {"metadata", "namespace"}), secret});
    if (!object && object.error().is(Reason::kServiceUnavailable)) return answer;  // its arrival wakes the pod
    if (object)
      for (auto& a : registry_auths(image, (*object)->json())) auths.push_back(std::move(a));
    else
      tell("Warning", "FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets (" + secret + "); attempting to pull the image may not succeed.");
  }
  want.pulling = true;
  want.tell = tell;
  want.asked_at = now;
  tell("Normal", "Pulling", "Pulling image \"" + image + "\"");
  if (pulling_.insert(image).second) {
    l.unlock();
    pool_.post([this, image, auths = std::move(auths)]() mutable { pull(image, std::move(auths)); });
  }
  return answer;
}

void Images::pull(const std::string& image, std::vector<runtime::RegistryAuth> auths) {
  const MonoTime began = clock_.mono();
  auto result = runtime_.pull_image(image, auths);
  const MonoTime now = clock_.mono();
  std::vector<std::string> woken;
  {
    std::lock_guard l(mutex_);
    pulling_.erase(image);
    for (auto& [id, want] : wants_) {
      if (!want.pulling || want.image != image) continue;
      want.pulling = false;
      woken.push_back(id.first);
      const std::string backoff_key = id.first + "/" + image;
      if (result) {
        want.pulled = true;
        want.failed_at = {};
        want.error.clear();
        backoff_.reset(backoff_key);
        want.tell("Normal", "Pulled",
                  "Successfully pulled image \"" + image + "\" in " + took(now - began) + " (" + took(now - want.asked_at) +
                      " including waiting). Image size: " + std::to_string(result->size_bytes) + " bytes.");
      } else {
        const bool bad_name = !runtime::parse_reference(image);
        want.error_reason = bad_name ? "InvalidImageName" : "ErrImagePull";
        want.error = result.error().message;
        want.failed_at = now;
        want.told_backoff = false;
        backoff_.next(backoff_key, now);
        want.tell("Warning", "Failed", "Failed to pull image \"" + image + "\": " + want.error);
        want.tell("Warning", "Failed", "Error: " + want.error_reason);
      }
      want.tell = nullptr;
    }
  }
  for (auto& uid : woken) changed_(uid);
}

void Images::used(const std::string& pod_uid, const std::string& container) {
  std::lock_guard l(mutex_);
  wants_.erase({pod_uid, container});
}

void Images::forget_pod(const std::string& pod_uid) {
  std::lock_guard l(mutex_);
  std::erase_if(wants_, [&](auto& w) { return w.first.first == pod_uid; });
}

}  // namespace skerry::agent
