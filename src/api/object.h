// Object: an API object as encoded JSON plus a small parsed header; immutable and shared by everyone who holds it.
//
// Gets, lists and watches hand out the same bytes. Whoever needs more than the header calls json(), which parses
// anew each time and belongs to the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "json/json.h"

namespace skerry::api {

// metav1.OwnerReference.
struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool block_owner_deletion = false;
};

using Labels = std::vector<std::pair<std::string, std::string>>;  // sorted by key
// The value of `key`, or null.
const std::string* find_label(const Labels& labels, std::string_view key);

// The part of ObjectMeta that the machinery looks at all the time.
struct Meta {
  std::string name;
  std::string ns;  // empty: cluster-scoped
  std::string uid;
  int64_t revision = 0;  // metadata.resourceVersion; 0: none
  int64_t generation = 0;
  Labels labels;
  std::vector<OwnerReference> owners;
  bool deleting = false;       // deletionTimestamp is set
  bool has_finalizers = false;

  // The owner with controller: true, or null.
  const OwnerReference* controller() const;
};

Meta parse_meta(const Json& object);

class Object;
using ObjectPtr = std::shared_ptr<const Object>;

class Object {
 public:
  Object(Meta meta, Bytes bytes) : meta_(std::move(meta)), bytes_(std::move(bytes)) {}

  // From a value; encodes it.
  static ObjectPtr from_json(const Json& value);
  // From encoded JSON; BadRequest if it is not an object.
  static Result<ObjectPtr> from_bytes(Bytes bytes);

  const Meta& meta() const { return meta_; }
  const Bytes& bytes() const { return bytes_; }
  Json json() const;  // a fresh value

  // "namespace/name", or "name" for cluster-scoped objects.
  std::string key() const;

 private:
  Meta meta_;
  Bytes bytes_;
};

// Splits "namespace/name"; a key without '/' has an empty namespace.
std::pair<std::string, std::string> split_key(std::string_view key);
std::string make_key(std::string_view ns, std::string_view name);

}  // namespace skerry::api
