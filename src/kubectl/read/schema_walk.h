// Walks through the schemas of an OpenAPI v3 document. Internal to explain. One walk takes a bounded number of steps,
// whatever refers to what; what is beyond them counts as not there.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace skerry::kubectl {

class SchemaWalk {
 public:
  explicit SchemaWalk(const Json& document) : document_(document) {}

  // The schema of a kind, or null.
  const Json* of_kind(std::string_view group, std::string_view version, std::string_view kind) const;
  // Where a schema's $ref leads, or the schema itself.
  const Json& resolve(const Json& schema) const;
  // Down through references, allOf, lists and maps to the schema that has properties; null where there is none.
  const Json* with_properties(const Json& schema, int depth = 0) const;
  // Is it one that a $ref may lead to? Only these can contain themselves.
  bool is_named(const Json* schema) const;
  // "string", "[]Container", "map[string]Quantity", "Object".
  std::string type_name(const Json& schema, int depth = 0) const;
  // As kubectl named types before it read OpenAPI v3: objects are "Object".
  std::string old_type_name(const Json& schema, int depth = 0) const;
  // The descriptions of the schema and of what it refers to or consists of, each ending with a newline.
  std::string descriptions(const Json& schema, int depth = 0) const;

  static bool requires_field(const Json& schema, std::string_view field);

 private:
  bool may_go_on() const { return left_ > 0 && left_-- > 0; }

  const Json& document_;
  mutable size_t left_ = 2'000'000;  // Pod with all that is in it takes some ten thousand
};

}  // namespace skerry::kubectl
