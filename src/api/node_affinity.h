// Node selectors and required node affinity.
#pragma once

#include "json/json.h"

namespace skerry::api {

// One NodeSelectorTerm {matchExpressions, matchFields} against a Node; an empty term matches nothing.
bool matches_node_term(const Json& term, const Json& node);
// A core/v1 NodeSelector {nodeSelectorTerms}: terms are ored. Null matches everything.
bool matches_node_selector(const Json& selector, const Json& node);
// A pod's spec.nodeSelector and required node affinity.
bool pod_matches_node(const Json& pod, const Json& node);

}  // namespace skerry::api
