// References: fields that name another resource follow it when its name or namespace changed.
#pragma once

#include "kustomize/config.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

// After all names have their final form. BadRequest where a name could mean several resources.
Status fix_references(ResMap& resources, const std::vector<NameReference>& references);

}  // namespace skerry::kustomize
