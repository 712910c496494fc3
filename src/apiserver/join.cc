#include "apiserver/join.h"

#include <arpa/inet.h>

#include "apiserver/authentication.h"
#include "apiserver/local_client.h"
#include "auth/node_authorizer.h"
#include "base/log.h"
#include "base/strings.h"

namespace skerry::apiserver {
namespace {

constexpr size_t kMaxAddresses = 16;

std::string hash_password(const std::string& salt, const std::string& password) {
  return "sha256:" + salt + ":" + auth::sha256_hex(salt + ":" + password);
}

bool is_address(const std::string& text) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace

Json Join::config_json() const {
  return {{"clusterCIDR", config_.cluster_cidr}, {"serviceCIDR", config_.service_cidr}, {"clusterDNS", config_.cluster_dns},
          {"clusterDomain", config_.cluster_domain}, {"version", version_}};
}

Result<Json> Join::config(const api::UserInfo& user) const {
  if (!auth::in_group(user, kJoinGroup) && auth::node_of(user).empty() && !auth::in_group(user, "system:masters")) return unauthorized();
  return config_json();
}

Status Join::check_password(const std::string& node, const std::string& password) {
  const std::string name = node + ".node-password.skerry";
  auto make_request = [&](api::Verb verb) {
    api::Request r;
    r.verb = verb;
    r.gvr = api::kSecrets;
    r.ns = "kube-system";
    if (verb != api::Verb::kCreate) r.name = name;
    r.user = component_identity("system:skerry-server");
    return r;
  };
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (auto secret = pipeline_.registry().find(api::kSecrets, "kube-system", name)) {
      auto stored = base64_decode(json::str(secret->json(), {"data", "hash"}));
      auto parts = split(stored ? std::string_view(*stored) : std::string_view(), ':');
      if (parts.size() == 3 && auth::equal_secrets(*stored, hash_password(std::string(parts[1]), password))) return {};
      return Error(Reason::kForbidden, "node password rejected: the name \"" + node +
                                           "\" belongs to another machine; choose another name, or delete the secret kube-system/" + name);
    }
    api::Request create = make_request(api::Verb::kCreate);
    std::string hash = hash_password(hex_encode(random_.bytes(16)), password);
    create.body = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}}}, {"immutable", true},
                   {"data", {{"hash", base64_encode(hash)}}}};
    auto created = pipeline_.handle(std::move(create));
    if (created) return {};
    if (!created.error().is(Reason::kAlreadyExists)) return created.error();
  }
  return internal_error("the password of node " + node + " changes all the time");
}

Result<Json> Join::join(const api::UserInfo& user, const Json& body) {
  const std::string node = json::str(body, "nodeName");
  if (!is_dns_subdomain(node)) return Error(Reason::kBadRequest, "nodeName must be a DNS subdomain");
  std::vector<std::string> addresses;
  for (const auto& a : json::array_or_empty(json::find(body, "addresses"))) {
    if (!a.is_string() || !is_address(a.get<std::string>()) || addresses.size() == kMaxAddresses)
      return Error(Reason::kBadRequest, "addresses must be at most 16 IP addresses");
    addresses.push_back(a.get<std::string>());
  }
  bool renews = auth::node_of(user) == node;
  if (!renews) {
    if (!auth::in_group(user, kJoinGroup)) return unauthorized();
    const std::string password = json::str(body, "nodePassword");
    if (password.size() < 16 || password.size() > 512) return Error(Reason::kBadRequest, "nodePassword must have 16 to 512 characters");
    TRY(check_password(node, password));
  }
  auth::KeyPair client = TRY(pki_.issue_node_client(node, clock_));
  auth::KeyPair serving = TRY(pki_.issue_node_serving(node, addresses, clock_));
  LOG_INFO("apiserver", "node " << node << (renews ? " renewed its certificates" : " joined"));
  return Json{{"clientCertificate", client.cert_pem},   {"clientKey", client.key_pem},
              {"servingCertificate", serving.cert_pem}, {"servingKey", serving.key_pem},
              {"serverCA", pki_.server_ca().cert_pem()}, {"clientCA", pki_.client_ca().cert_pem()},
              {"config", config_json()}};
}

}  // namespace skerry::apiserver
