// Kubernetes' protobuf encoding (application/vnd.kubernetes.protobuf): the "k8s\0" envelope around a message whose
// fields the tables know.
#pragma once

#include <string>
#include <string_view>

#include "api/type.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::api {

// The built-in type of a kind, also of lists and options ("meta.k8s.io" and any group for Status, DeleteOptions, ...);
// null if unknown.
const Type* type_of_kind(std::string_view api_version, std::string_view kind);

// With envelope. NotAcceptable for kinds that have no protobuf form.
Result<std::string> to_protobuf(const Json& object);
// BadRequest on malformed bytes or unknown kinds.
Result<Json> from_protobuf(std::string_view bytes);

// One frame of a watch stream: four bytes of length, then a WatchEvent around an object in either encoding (with
// its envelope).
std::string watch_frame(std::string_view event_type, std::string_view object);

// The message alone, without envelope.
std::string encode_message(const Type& type, const Json& object);
Result<Json> decode_message(const Type& type, std::string_view bytes);

}  // namespace skerry::api
