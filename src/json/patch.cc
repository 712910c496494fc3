#include "json/patch.h"

namespace skerry::json {

Result<Json> apply_json_patch(const Json& document, const Json& patch) {
  if (!patch.is_array()) return Error(Reason::kBadRequest, "a JSON patch must be an array of operations");
  if (patch.size() > 10000)
    return Error(Reason::kRequestEntityTooLarge, "The allowed maximum operations in a JSON patch is 10000, got " + std::to_string(patch.size()));
  try {
    return document.patch(patch);
  } catch (const Json::parse_error& e) {
    return Error(Reason::kBadRequest, std::string("invalid JSON patch: ") + e.what());
  } catch (const Json::exception& e) {
    return Error(Reason::kInvalid, std::string("the server rejected our request due to an error in our request: ") + e.what());
  }
}

Json apply_merge_patch(const Json& document, const Json& patch) {
  Json out = document;
  out.merge_patch(patch);
  return out;
}

Json make_merge_patch(const Json& from, const Json& to) {
  if (!from.is_object() || !to.is_object()) return to;
  Json out = Json::object();
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) out[key] = nullptr;
  for (const auto& [key, value] : to.items()) {
    auto it = from.find(key);
    if (it == from.end()) out[key] = value;
    else if (*it != value) out[key] = make_merge_patch(*it, value);
  }
  return out;
}

}  // namespace skerry::json
