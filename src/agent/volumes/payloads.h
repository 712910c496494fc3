// What files a ConfigMap, Secret or downward API volume holds. Pure, apart from the look-up of the object.
#pragma once

#include "agent/env.h"
#include "agent/pod_facts.h"
#include "agent/volumes/atomic_writer.h"

namespace skerry::agent {

// `source` is a ConfigMapVolumeSource, SecretVolumeSource or a projection of these. ("secretName" or "name").
Status add_object_files(const std::string& ns, const Json& source, bool secret, mode_t default_mode, const Lookup& lookup,
                        Payload& out);
// `source` is a DownwardAPIVolumeSource or projection.
Status add_downward_files(const Json& pod, const Json& source, mode_t default_mode, const PodFacts& facts, Payload& out);

}  // namespace skerry::agent
