// The built-in admission plugins, each after Kubernetes' plugin of that name.
#pragma once

#include <memory>

#include "admission/plugin.h"
#include "base/random.h"

namespace skerry::admission {

// All plugins in Kubernetes' order. `random` outlives the chain.
Chain make_default_chain(const Reader& reader, Random& random);

// Creating in a namespace that does not exist is NotFound, in one that is being deleted Forbidden; default,
// kube-system and kube-public cannot be deleted.
std::unique_ptr<Plugin> make_namespace_lifecycle(Reader reader);
// Pods: default account, token volume and mounts, image pull secrets.
std::unique_ptr<Plugin> make_service_account(Reader reader, Random& random);
// What a node may write: its own Node, its own pods, their status, its lease, tokens for its pods.
std::unique_ptr<Plugin> make_node_restriction(Reader reader);
// New nodes start with the not-ready taint.
std::unique_ptr<Plugin> make_taint_nodes_by_condition();
// spec.priority and preemptionPolicy from priorityClassName.
std::unique_ptr<Plugin> make_priority(Reader reader);
// not-ready and unreachable for 300 s.
std::unique_ptr<Plugin> make_default_toleration_seconds();
// overhead and scheduling of pods from their RuntimeClass.
std::unique_ptr<Plugin> make_runtime_class(Reader reader);

}  // namespace skerry::admission
