// FieldSpec: a path into objects of some kinds, and what to do with what stands there.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kustomize/resource.h"

namespace skerry::kustomize {

// "spec/template/spec/containers/image": lists on the way are walked through; "name[]" says that a field is a list, and
// "\/" is a slash in a field's name.
struct FieldSpec {
  Gvk gvk;  // empty fields match everything
  std::string path;
  bool create = false;

  bool operator==(const FieldSpec&) const = default;
};

enum class CreateAs : uint8_t { kNothing, kScalar, kMap };

using SetValue = std::function<Status(Node&)>;

// Calls `set` for every place in `object` that the path leads to, if the object is of the kinds of `spec`. With
// `spec.create` missing fields are made, the last of kind `create_as`.
Status apply_field(const FieldSpec& spec, Node& object, CreateAs create_as, const SetValue& set);

std::vector<std::string> split_path(std::string_view path);
// Does the object have something at `path`?
bool has_field(const Node& object, std::string_view path);

// Adds what is not there. BadRequest where the same path of the same kind is to be created by one and not by the other.
Status merge_specs(std::vector<FieldSpec>& into, const std::vector<FieldSpec>& more);

}  // namespace skerry::kustomize
