// Node: a YAML value that remembers how its scalars were written.
//
// kustomize works on YAML nodes, not on values: a label written as 1.10 or an annotation written as 2001-01-01 becomes
// the text "1.10" or "2001-01-01" when kustomize touches it, and `a: null` is not the same as `a:`. So resources are Nodes
// until they leave the library. Fields keep the order of the file (nobody depends on it: output is sorted by key).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kustomize {

struct Node {
  enum class Kind : uint8_t { kNone, kScalar, kMap, kList };
  // What a scalar is. kPlain: not known yet, follows from the text when it is needed.
  enum class Tag : uint8_t { kPlain, kString, kNull, kBool, kInt, kFloat, kTimestamp };
  struct Field;

  Kind kind = Kind::kNone;
  Tag tag = Tag::kPlain;
  bool quoted = false;        // a scalar that is a string whatever its text
  std::string value;          // of a scalar, as written
  std::vector<Field> fields;  // of a map
  std::vector<Node> items;    // of a list

  static Node map();
  static Node list();
  static Node string(std::string text);
  static Node plain(std::string text);  // typed by its text
  static Node null();

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_null() const { return kind == Kind::kNone || (kind == Kind::kScalar && effective_tag() == Tag::kNull); }
  bool is_string() const { return kind == Kind::kScalar && effective_tag() == Tag::kString; }
  // Null, "", {} or [].
  bool is_empty() const;
  Tag effective_tag() const;

  // Of a map; null where this is no map or has no such field.
  Node* find(std::string_view name);
  const Node* find(std::string_view name) const;
  // Sets or adds. A node that is null becomes a map.
  Node& set(std::string_view name, Node value);
  bool erase(std::string_view name);
  // The map below `name`, made if missing or null.
  Node& child_map(std::string_view name);
  // The text of the scalar at `path`, empty where there is none.
  std::string text(std::initializer_list<std::string_view> path) const;
};

struct Node::Field {
  std::string name;
  Node value;
};

// What a plain scalar with that text is (YAML 1.2 as Go's yaml.v3 reads it, with 0-octals and timestamps).
Node::Tag resolve_tag(std::string_view text);

// All documents of a stream, empty ones left out. BadRequest with kustomize's words ("yaml: line 3: ...") on bad text;
// bounded in depth, size and what aliases expand to. Merge keys ("<<") are applied.
enum class Duplicates : uint8_t { kError, kLastWins };  // of keys
Result<std::vector<Node>> parse_nodes(std::string_view text, Duplicates duplicates = Duplicates::kError);

// The value: what encoding/json makes of it (integral floats are integers, timestamps RFC 3339).
Json to_json(const Node& node);
// The same with YAML 1.1's booleans (yes, on, y...): how kustomization files and JSON patches are read.
Json to_json_yaml11(const Node& node);
Node from_json(const Json& json);

// One line of YAML for error messages, like {b: c}.
std::string flow_yaml(const Node& node);

}  // namespace skerry::kustomize
