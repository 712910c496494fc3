// What the pods of a node ask for, beside what it has.
#pragma once

#include <vector>

#include "json/json.h"
#include "kubectl/describe/subject.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

// "Non-terminated Pods:" and "Allocated resources:".
void put_node_resources(const Subject& node, Writer& w, const std::vector<Json>& pods);

}  // namespace skerry::kubectl
