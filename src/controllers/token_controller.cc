#include "controllers/token_controller.h"

#include <algorithm>

#include "base/strings.h"
#include "controllers/object_util.h"

namespace skerry::controllers {
namespace {

constexpr const char* kType = "kubernetes.io/service-account-token";
constexpr const char* kName = "kubernetes.io/service-account.name";
constexpr const char* kUid = "kubernetes.io/service-account.uid";

}  // namespace

TokenController::TokenController(Context& context, const auth::TokenSigner& signer, std::string root_ca_pem, bool one_per_account)
    : Part(context, "serviceaccount-token"), signer_(signer), root_ca_pem_(std::move(root_ca_pem)), one_per_account_(one_per_account) {
  cache(api::kSecrets).add_handler([this](auto&, auto& after) {
    if (after && json::str(after->json(), "type") == kType) queue_.enqueue("secret/" + after->key());
  });
  cache(api::kServiceAccounts).add_handler([this](auto& before, auto& after) {
    queue_.enqueue("account/" + (after ? after : before)->key());
  });
}

Result<Outcome> TokenController::reconcile(const Key& key) {
  if (key.starts_with("secret/")) return reconcile_secret(key.substr(7));
  return reconcile_account(key.substr(8));
}

Result<Outcome> TokenController::reconcile_secret(const Key& key) {
  api::ObjectPtr object = cache(api::kSecrets).get(key);
  if (!object || object->meta().deleting) return Outcome{};
  Json secret = object->json();
  const std::string account = json::str(secret, {"metadata", "annotations", kName});
  const std::string uid = json::str(secret, {"metadata", "annotations", kUid});
  if (json::str(secret, "type") != kType || account.empty()) return Outcome{};
  const std::string& ns = object->meta().ns;
  // Asked of the API itself: the cache may not have seen an account that is new.
  auto found = client().get(api::kServiceAccounts, ns, account);
  if (!found && !found.error().is(Reason::kNotFound)) return found.error();
  if (!found || (!uid.empty() && (*found)->meta().uid != uid)) {
    api::Options options;
    options.precondition_uid = object->meta().uid;
    auto gone = client().remove(api::kSecrets, ns, object->meta().name, options);
    if (!gone && !gone.error().is(Reason::kNotFound)) return gone.error();
    return Outcome{};
  }
  Json data = json::object_or_empty(json::find(secret, "data"));
  const std::string ca = base64_encode(root_ca_pem_);
  if (data.contains("token") && json::str(data, "ca.crt") == ca && data.contains("namespace") && !uid.empty()) return Outcome{};
  if (!data.contains("token")) {
    auth::ServiceAccountClaims claims;
    claims.ns = ns;
    claims.name = account;
    claims.uid = (*found)->meta().uid;
    claims.secret_name = object->meta().name;
    claims.secret_uid = object->meta().uid;
    claims.issued_at = now_s();
    data["token"] = base64_encode(TRY(signer_.sign(claims)));
  }
  data["ca.crt"] = ca;
  data["namespace"] = base64_encode(ns);
  secret["data"] = data;
  secret["metadata"]["annotations"][kUid] = (*found)->meta().uid;
  auto updated = client().update(api::kSecrets, ns, std::move(secret));
  if (!updated && !updated.error().is(Reason::kNotFound)) return updated.error();
  return Outcome{};
}

Result<Outcome> TokenController::reconcile_account(const Key& key) {
  auto [ns, name] = api::split_key(key);
  api::ObjectPtr object = cache(api::kServiceAccounts).get(key);
  if (!object) {
    // Its tokens go with it.
    for (auto& secret : cache(api::kSecrets).in_namespace(ns)) {
      Json value = secret->json();
      if (json::str(value, "type") == kType && json::str(value, {"metadata", "annotations", kName}) == name) queue_.enqueue("secret/" + secret->key());
    }
    return Outcome{};
  }
  if (!one_per_account_ || object->meta().deleting) return Outcome{};
  Json account = object->json();
  if (!json::array_or_empty(json::find(account, "secrets")).empty()) return Outcome{};
  // One name per account, so that a repeated pass does not make a second one.
  std::string secret_name = name.substr(0, 200) + "-token-" + object->meta().uid.substr(0, 5);
  Json secret = {{"apiVersion", "v1"},
                 {"kind", "Secret"},
                 {"metadata", {{"name", secret_name}, {"namespace", ns}, {"annotations", {{kName, name}, {kUid, object->meta().uid}}}}},
                 {"type", kType}};
  auto created = client().create(api::kSecrets, ns, std::move(secret));
  if (!created && !created.error().is(Reason::kAlreadyExists)) {
    if (created.error().is(Reason::kNotFound) || is_namespace_terminating(created.error())) return Outcome{};
    return created.error();
  }
  account["secrets"] = Json::array({{{"name", secret_name}}});
  auto updated = client().update(api::kServiceAccounts, ns, std::move(account));
  if (!updated && !updated.error().is(Reason::kNotFound)) return updated.error();
  return Outcome{};
}

}  // namespace skerry::controllers
