// Label and field selectors: parse, match, and print, with Kubernetes' syntax and messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "api/resource.h"
#include "base/result.h"

namespace skerry::api {

class LabelSelector {
 public:
  enum class Op { kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  struct Requirement {
    std::string key;
    Op op = Op::kExists;
    std::vector<std::string> values;  // sorted
    bool set = false;                 // written as a set, "a in (b)"; else "a=b", "a!=b"
  };

  LabelSelector() = default;  // matches everything
  // "a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2". BadRequest with Kubernetes' message.
  static Result<LabelSelector> parse(std::string_view text);
  // metav1.LabelSelector {matchLabels, matchExpressions}. Null or missing matches nothing, {} everything.
  static Result<LabelSelector> from_json(const Json& selector);
  // A plain map of labels (Service, ReplicationController): all must be equal; an empty or missing map matches nothing.
  static LabelSelector from_map(const Json& map);

  bool matches(const Labels& labels) const;
  bool matches_json(const Json& labels) const;  // a map of strings or null
  bool empty() const { return !nothing_ && requirements_.empty(); }  // matches everything
  bool matches_nothing() const { return nothing_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  // In the order of the keys, as Kubernetes writes it; empty if it matches everything, or nothing.
  std::string to_string() const;

 private:
  bool nothing_ = false;
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  struct Requirement {
    std::string field;
    std::string value;
    bool equal = true;
  };

  FieldSelector() = default;  // matches everything
  // "a=b,c!=d,e==f" with \\, \, and \= escaped. Fields must be selectable for the resource.
  static Result<FieldSelector> parse(const Resource& resource, std::string_view text);

  bool empty() const { return requirements_.empty(); }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  // Parses the object only where a field beyond name and namespace is asked for.
  bool matches(const Object& object) const;
  bool matches_json(const Json& object) const;
  // The value that `field` must have, if exactly one is asked for ("metadata.name" of a single-object watch), or null.
  const std::string* exact(std::string_view field) const;

 private:
  std::vector<Requirement> requirements_;
};

// The text a field selector compares: "" for what is missing, "false" for a missing bool field.
std::string selectable_value(const Json& object, std::string_view field);

// Do the labels of an object or template carry this?
Labels labels_from_json(const Json& map);

}  // namespace skerry::api
