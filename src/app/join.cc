#include "app/join.h"

#include <thread>

#include "base/log.h"
#include "base/strings.h"
#include "http/client.h"
#include "json/json.h"

namespace skerry::app {
namespace {

struct Files {
  std::string dir;
  std::string answer() const { return dir + "/identity.json"; }   // what the server said, with the keys
  std::string password() const { return dir + "/node-password"; }
};

Result<NodeIdentity> parse_identity(const Json& answer) {
  NodeIdentity out;
  out.server_ca_pem = json::str(answer, "serverCA");
  out.client_ca_pem = json::str(answer, "clientCA");
  out.client = {json::str(answer, "clientCertificate"), json::str(answer, "clientKey")};
  out.serving = {json::str(answer, "servingCertificate"), json::str(answer, "servingKey")};
  const Json& c = json::find(answer, "config");
  out.cluster.cluster_cidr = json::str(c, "clusterCIDR", out.cluster.cluster_cidr);
  out.cluster.service_cidr = json::str(c, "serviceCIDR", out.cluster.service_cidr);
  out.cluster.cluster_dns = json::str(c, "clusterDNS", out.cluster.cluster_dns);
  out.cluster.cluster_domain = json::str(c, "clusterDomain", out.cluster.cluster_domain);
  for (const std::string* part : {&out.server_ca_pem, &out.client_ca_pem, &out.client.cert_pem, &out.client.key_pem, &out.serving.cert_pem, &out.serving.key_pem})
    if (part->empty()) return internal_error("the server's answer to joining is not complete");
  return out;
}

enum class Validity { kNone, kUsable, kFresh };

// Is what is on disk for this name, and for how long is it good?
Validity check(const NodeIdentity& id, const std::string& name, const std::string& ip, const Clock& clock) {
  auto client = auth::parse_certificate(id.client.cert_pem), serving = auth::parse_certificate(id.serving.cert_pem);
  if (!client || !serving || client->common_name != "system:node:" + name) return Validity::kNone;
  if (client->not_after <= clock.now()) return Validity::kNone;
  bool has_ip = std::find(serving->ips.begin(), serving->ips.end(), ip) != serving->ips.end();
  bool fresh = client->not_after - clock.now() > auth::kRenewBefore && serving->not_after - clock.now() > auth::kRenewBefore;
  return has_ip && fresh ? Validity::kFresh : Validity::kUsable;
}

Result<std::string> fetch_authority(const std::string& url, const auth::JoinToken& token) {
  http::ClientOptions options;
  options.tls.insecure = true;  // trusted only by its hash, below
  http::Client client(options);
  http::ClientRequest request;
  request.url = url + "/cacerts";
  request.timeout = std::chrono::seconds(10);
  request.max_body_bytes = 64 << 10;
  auto answer = TRY(client.send(request));
  if (answer.status != 200) return Error(Reason::kServiceUnavailable, url + "/cacerts answered " + std::to_string(answer.status));
  if (token.ca_hash.empty()) {
    LOG_WARN("agent", "the token does not name the server's CA; whoever answers at " << url << " is trusted");
  } else if (auth::sha256_hex(answer.body) != token.ca_hash) {
    return Error(Reason::kUnauthorized, "the CA of " + url + " is not the one the token names: wrong server, or somebody in between");
  }
  return answer.body;
}

Result<Json> ask(const std::string& url, http::ClientTls tls, const std::string& bearer, const Json& body) {
  http::ClientOptions options;
  options.tls = std::move(tls);
  options.bearer_token = bearer;
  http::Client client(options);
  http::ClientRequest request;
  request.method = "POST";
  request.url = url + "/v1-skerry/join";
  request.headers.set("Content-Type", "application/json");
  request.body = make_bytes(json::dump(body));
  request.timeout = std::chrono::seconds(30);
  request.max_body_bytes = 1 << 20;
  auto answer = TRY(client.send(request));
  auto parsed = json::parse_json(answer.body);
  if (answer.status / 100 != 2)
    return parsed ? api::error_from_status(*parsed, answer.status) : Error(Reason::kServiceUnavailable, "joining was answered with " + std::to_string(answer.status));
  return parsed;
}

}  // namespace

Result<NodeIdentity> join(const std::string& server_url, const std::string& token_text, const std::string& name,
                          const std::string& ip, const Layout& layout, const Clock& clock, Random& random) {
  std::string url = server_url;
  while (ends_with(url, "/")) url.pop_back();
  Files files{layout.agent_dir()};

  std::optional<NodeIdentity> known;
  Validity validity = Validity::kNone;
  if (auto text = auth::read_secret_file(files.answer()))
    if (auto value = json::parse_json(*text))
      if (auto identity = parse_identity(*value)) {
        validity = check(*identity, name, ip, clock);
        if (validity != Validity::kNone) known = std::move(*identity);
      }
  if (validity == Validity::kFresh) return *known;

  Json body = {{"nodeName", name}, {"addresses", Json::array({ip})}};
  body["nodePassword"] = TRY(auth::load_or_create_secret(files.password(), "", random));
  Result<Json> answer = Error(Reason::kUnauthorized, "this machine has not joined yet; it needs a token (--token)");
  if (known) {
    // The node's own certificate may ask for the next one.
    answer = ask(url, {.ca_pem = known->server_ca_pem, .cert_pem = known->client.cert_pem, .key_pem = known->client.key_pem}, "", body);
  } else if (!token_text.empty()) {
    auto token = TRY(auth::JoinToken::parse(trim(token_text)));
    // A server that is just starting is waited for.
    Result<std::string> authority = Error();
    for (int attempt = 0; attempt < 60; ++attempt) {
      authority = fetch_authority(url, token);
      if (authority || !authority.error().is(Reason::kServiceUnavailable)) break;
      if (attempt % 10 == 0) LOG_INFO("agent", "waiting for " << url << ": " << authority.error().message);
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    if (!authority) return authority.error();
    answer = ask(url, {.ca_pem = *authority}, token.format(), body);
  }
  if (!answer) {
    if (known) {
      LOG_WARN("agent", "certificates were not renewed: " << answer.error().message);
      return *known;
    }
    answer.error().message = "cannot join " + url + ": " + answer.error().message;
    return answer.error();
  }
  auto identity = TRY(parse_identity(*answer));
  TRY(auth::write_secret_file(files.answer(), json::dump(*answer)));
  LOG_INFO("agent", "joined " << url << " as " << name);
  return identity;
}

}  // namespace skerry::app
