// The built-in admission plugins, each after Kubernetes' plugin of that name.
#pragma once

#include <memory>

#include "admission/plugin.h"
#include "auth/authorizer.h"
#include "base/random.h"
#include "client/client.h"

namespace skerry::admission {

// All plugins in Kubernetes' order. `client` reads namespaces, service accounts and priority classes as they are now;
// it and `random` outlive the chain.
Chain make_default_chain(client::Client& client, Random& random);

// Creating in a namespace that does not exist is NotFound, in one that is being deleted Forbidden; default,
// kube-system and kube-public cannot be deleted.
std::unique_ptr<Plugin> make_namespace_lifecycle(client::Client& client);
// Pods: default account, token volume and mounts, image pull secrets.
std::unique_ptr<Plugin> make_service_account(client::Client& client, Random& random);
// What a node may write: its own Node, its own pods, their status, its lease.
std::unique_ptr<Plugin> make_node_restriction(client::Client& client);
// New nodes start with the not-ready taint.
std::unique_ptr<Plugin> make_taint_nodes_by_condition();
// spec.priority and preemptionPolicy from priorityClassName.
std::unique_ptr<Plugin> make_priority(client::Client& client);
// not-ready and unreachable for 300 s.
std::unique_ptr<Plugin> make_default_toleration_seconds();
// Warnings for kinds that are stored while nothing acts on them yet.
std::unique_ptr<Plugin> make_unsupported_warning();

}  // namespace skerry::admission
