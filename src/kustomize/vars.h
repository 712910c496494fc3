// Vars (deprecated): $(NAME) in some fields stands for a field of another resource.
#pragma once

#include <string>
#include <vector>

#include "kustomize/config.h"
#include "kustomize/resource.h"

namespace skerry::kustomize {

struct Var {
  std::string name;
  ResId object;
  std::string field_path = "metadata.name";
  std::string text() const;  // as kustomize prints it
};

Result<std::vector<Var>> parse_vars(const Json& list);
// Finds each var's resource by its original name, and adds the vars; BadRequest if a name is there already.
Status add_vars(std::vector<Var>& into, const std::vector<Var>& more, ResMap& resources);
Status merge_vars(std::vector<Var>& into, const std::vector<Var>& more);
Status resolve_vars(ResMap& resources, const std::vector<Var>& vars, const std::vector<FieldSpec>& specs, std::vector<std::string>& warnings);

}  // namespace skerry::kustomize
