// decode: check a JSON object against its type and bring it into the form Kubernetes' own encoder would give it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/resource.h"
#include "base/result.h"

namespace skerry::api {

enum class FieldValidation { kIgnore, kWarn, kStrict };
// From the fieldValidation parameter: "" and "Warn" are kWarn. BadRequest for anything else unknown.
Result<FieldValidation> parse_field_validation(std::string_view text);

// Checks `object` in place:
//   - values of the wrong JSON type: BadRequest with the message Go's decoder gives;
//   - unknown fields are removed; each is a warning `unknown field "spec.foo"`, or with kStrict all together one
//     BadRequest. `warnings` may already hold duplicate fields found by the parser; they count as well;
//   - nulls are dropped, whole floats become integers, quantities and times their canonical text;
//   - fields that are always written get their zero value (`status: {}`, `containers[].resources: {}`).
// `type` null (schemaless custom kinds): only that it is an object.
Status decode(const Type* type, std::string_view version, std::string_view kind, Json& object,
              FieldValidation validation, std::vector<std::string>& warnings);
// The same for a resource's own kind; also checks that apiVersion and kind, if given, are the resource's, and sets
// them where they are missing.
Status decode(const Resource& resource, Json& object, FieldValidation validation, std::vector<std::string>& warnings);

// The last step of decode() alone, for objects made inside: always-written fields get their zero value.
void fill_always(const Type& type, Json& object);

}  // namespace skerry::api
