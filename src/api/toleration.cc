#include "api/toleration.h"

#include "base/strings.h"

namespace skerry::api {

bool tolerates(const Json& toleration, const Json& taint) {
  std::string effect = json::str(toleration, "effect");
  if (!effect.empty() && effect != json::str(taint, "effect")) return false;
  std::string key = json::str(toleration, "key");
  if (!key.empty() && key != json::str(taint, "key")) return false;
  std::string op = json::str(toleration, "operator", "Equal");
  if (op == "Exists") return true;
  std::string have = json::str(taint, "value"), want = json::str(toleration, "value");
  if (op == "Equal" || op.empty()) return !key.empty() && have == want;
  if (op == "Gt" || op == "Lt") {
    auto h = parse_int(have), w = parse_int(want);
    return h && w && (op == "Gt" ? *h > *w : *h < *w);
  }
  return false;
}

bool any_tolerates(const Json& tolerations, const Json& taint) {
  for (const auto& t : json::array_or_empty(tolerations))
    if (tolerates(t, taint)) return true;
  return false;
}

const Json* untolerated_taint(const Json& taints, const Json& tolerations, std::initializer_list<std::string_view> effects) {
  for (const auto& taint : json::array_or_empty(taints)) {
    std::string effect = json::str(taint, "effect");
    bool asked = false;
    for (auto e : effects) asked = asked || e == effect;
    if (asked && !any_tolerates(tolerations, taint)) return &taint;
  }
  return nullptr;
}

}  // namespace skerry::api
