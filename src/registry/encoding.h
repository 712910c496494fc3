// Encoding: objects as the store keeps them (no resourceVersion) and as they are handed out (with it).
//
// The place where the resourceVersion belongs is found by scanning, not by parsing: keys are sorted, so it stands
// right before metadata.uid, which every stored object has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/object.h"
#include "base/bytes.h"

namespace skerry::registry {

// Where the member "resourceVersion" or "uid" of top-level "metadata" begins; npos if there is neither.
size_t revision_offset(std::string_view json);
// `json` with metadata.resourceVersion set to `revision`, replacing one that is there. Offset from above.
std::string with_revision(std::string_view json, size_t offset, int64_t revision);
// `json` without metadata.resourceVersion.
std::string without_revision(std::string_view json);
// Do two encodings agree but for the resourceVersion?
bool same_but_revision(std::string_view a, std::string_view b);

// An object as it goes to the store.
struct Encoded {
  api::Meta meta;
  Bytes bytes;        // without resourceVersion
  size_t offset = 0;  // where it belongs
};
// Removes metadata.resourceVersion from `object` and encodes it.
Encoded encode(Json& object);
// What is handed out.
api::ObjectPtr make_object(const Encoded& encoded, int64_t revision);
// The same object, now with `revision`: the last state of what was deleted.
api::ObjectPtr with_revision(const api::Object& object, int64_t revision);
// From what the store keeps; null if it is no object (a damaged value).
api::ObjectPtr load_object(const Bytes& bytes, int64_t revision);

}  // namespace skerry::registry
