// Media: content negotiation, and bodies in and out of bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::apiserver {

// How an answer is to look.
struct Form {
  enum class Encoding { kJson, kYaml, kProtobuf };
  enum class As { kObject, kTable, kMetadata, kMetadataList, kDiscovery };
  Encoding encoding = Encoding::kJson;
  As as = As::kObject;
  std::string version;        // of what `as` names: "v1"
  bool pretty = false;

  std::string_view content_type() const;
};

// The first acceptable form of an Accept header (empty: JSON). NotAcceptable otherwise. `transform`: Table and
// PartialObjectMetadata are possible here.
Result<Form> negotiate(std::string_view accept, bool transform);
// Of a discovery document: also as=APIGroupDiscoveryList.
Result<Form> negotiate_discovery(std::string_view accept);

struct Body {
  Json value;                         // null: empty
  std::vector<std::string> warnings;  // duplicate fields
};
// JSON (also with no type given), YAML or protobuf. UnsupportedMediaType for others.
Result<Body> decode_body(std::string_view content_type, std::string_view text);
// UnsupportedMediaType for what is no patch.
Result<api::PatchType> patch_type(std::string_view content_type);

// In the form's encoding; NotAcceptable where the kind has no protobuf.
Result<std::string> encode(const Json& value, const Form& form);

}  // namespace skerry::apiserver
