#include "agent/lifecycle_hook.h"

#include <algorithm>

namespace skerry::agent {

void run_hook(runtime::Runtime& runtime, TaskPool& pool, Executor& timers, const Json& handler, const Json& container,
              const std::string& container_id, const std::string& pod_ip, std::chrono::milliseconds timeout,
              std::function<void(Status)> done) {
  if (const Json& sleep = json::find(handler, "sleep"); sleep.is_object()) {
    auto time = std::min<std::chrono::milliseconds>(seconds(json::integer(sleep, "seconds")), timeout);
    timers.post_after(time, [done = std::move(done)] { done({}); });
    return;
  }
  if (!json::find(handler, "exec").is_object() && !json::find(handler, "httpGet").is_object()) {
    timers.post([done = std::move(done)] { done({}); });
    return;
  }
  pool.post([&runtime, handler, ports = Json{{"ports", json::array_or_empty(json::find(container, "ports"))}}, container_id, pod_ip, timeout,
             done = std::move(done)] {
    ProbeResult result = probe_once(runtime, handler, {container_id, pod_ip, ports}, timeout);
    if (result.kind == ProbeResult::Kind::kSuccess) done({});
    else done(internal_error(result.output));
  });
}

}  // namespace skerry::agent
