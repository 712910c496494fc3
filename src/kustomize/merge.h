// Strategic merge as kustomize does it: on Nodes, with the merge keys of Kubernetes 1.21 (what kustomize's schema knows).
//
// It differs from the API server's (api/strategic_merge.h): what a patch adds to a list stands before what was there, lists of
// kinds the schema does not know are replaced, and a `null` that was written out survives.
#pragma once

#include "kustomize/node.h"

namespace skerry::kustomize {

// Changes `object` by `patch`; an object that the patch deletes ends as an empty node. BadRequest where a map meets a list.
// `openapi`: a document given by `openapi: {path: ...}`, which takes the place of the built-in schema; or null.
Status strategic_merge(Node& object, const Node& patch, const Json* openapi = nullptr);

}  // namespace skerry::kustomize
