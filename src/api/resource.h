// Resource: one row of the API: a kind with its names, verbs, subresources and type.
//
// Built-in rows are constant data (embedded/api); a CustomResourceDefinition makes rows at run time that travel
// the same road.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "api/gvr.h"
#include "api/request.h"
#include "api/type.h"

namespace skerry::api {

// Bits 1 << Verb.
using VerbMask = uint16_t;
constexpr VerbMask verb_bit(Verb verb) { return static_cast<VerbMask>(1u << static_cast<unsigned>(verb)); }

struct Subresource {
  std::string_view name;   // "status"
  std::string_view group;  // of the kind it takes or gives; empty for core
  std::string_view version;
  std::string_view kind;   // "Scale"
  const Type* type;        // null for streams (log, exec, ...)
  VerbMask verbs;
  std::string_view extra_verbs;  // "" or "connect" for streams: shown by discovery as get/create

  bool allows(Verb verb) const { return (verbs & verb_bit(verb)) != 0; }
};

struct Resource {
  std::string_view group;
  std::string_view version;
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  std::string_view list_kind;
  bool namespaced;
  bool stored;    // false: reviews, bindings, ...: answered, never kept
  bool acted_on;  // a controller or agent of Skerry acts on it; false: writes are answered with a Warning
  bool has_status;  // has spec/status: status is reset on create and kept on update; generation counts spec changes
  bool custom;    // made by a CustomResourceDefinition
  VerbMask verbs;
  std::span<const std::string_view> short_names;
  std::span<const std::string_view> categories;
  std::span<const Subresource> subresources;
  std::span<const std::string_view> selectable_fields;  // beyond metadata.name and metadata.namespace
  const Type* type;  // null: schemaless custom kind
  std::string_view storage_version;  // version in which objects are stored, usually == version
  // Same objects as another group or version (events.k8s.io/v1 events are v1 events; autoscaling/v1 and v2): the
  // row that owns the stored objects; null: this one.
  const Resource* stored_as;

  bool allows(Verb verb) const { return (verbs & verb_bit(verb)) != 0; }
  const Subresource* subresource(std::string_view name) const;  // null if there is none
  Gvr gvr() const { return {std::string(group), std::string(version), std::string(plural)}; }
  std::string api_version() const { return gvr().api_version(); }
  // "deployments.apps".
  std::string group_resource() const { return gvr().group_resource(); }
  // "Deployment.apps", "Pod": as Invalid errors name it.
  std::string group_kind() const;
  bool is(std::string_view g, std::string_view k) const { return group == g && kind == k; }
};

// Built-in rows live forever (no ownership, no count); custom rows as long as someone holds them.
using ResourcePtr = std::shared_ptr<const Resource>;

}  // namespace skerry::api
