// Lifecycle hooks: postStart and preStop of a container.
#pragma once

#include <functional>
#include <string>

#include "agent/prober.h"
#include "agent/task_pool.h"
#include "base/executor.h"

namespace skerry::agent {

// Runs `handler` (exec, httpGet, sleep, tcpSocket) in the background and calls `done` with what came of it, from another
// thread. `container` and `handler` are copied. tcpSocket does nothing, as in Kubernetes.
void run_hook(runtime::Runtime& runtime, TaskPool& pool, Executor& timers, const Json& handler, const Json& container,
              const std::string& container_id, const std::string& pod_ip, std::chrono::milliseconds timeout,
              std::function<void(Status)> done);

}  // namespace skerry::agent
