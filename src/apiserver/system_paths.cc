#include "apiserver/system_paths.h"

#include <algorithm>

#include "api/discovery.h"
#include "api/openapi.h"
#include "apiserver/authentication.h"
#include "apiserver/media.h"
#include "base/architecture.h"
#include "base/strings.h"

namespace skerry::apiserver {
namespace {

Error no_such_path() { return Error(Reason::kNotFound, "the server could not find the requested resource"); }

// Open to everybody who can connect: what a machine needs before it has credentials.
bool is_public(std::string_view path) { return path == "/cacerts" || path == "/ping"; }

// Authorised by who is allowed to join, not by roles.
bool is_join(std::string_view path) { return path == "/v1-skerry/config" || path == "/v1-skerry/join"; }

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> out;
  for (auto part : split(path, '/'))
    if (!part.empty()) out.emplace_back(part);
  return out;
}

bool allows_method(const http::Request& r, std::string_view path) {
  return path == "/v1-skerry/join" ? r.method == "POST" : r.method == "GET" || r.method == "HEAD";
}

}  // namespace

Status SystemPaths::serve(const http::Request& request, http::ResponseWriter& writer, const api::UserInfo& user) {
  if (!is_public(request.path) && !is_join(request.path)) {
    auth::Attributes a;
    a.user = user;
    a.verb = to_lower(request.method == "HEAD" ? "GET" : request.method);
    a.path = request.path;
    auth::Decision decision = parts_.pipeline.authorizer().authorize(a);
    if (!decision.allowed()) return is_anonymous(user) ? unauthorized() : auth::forbidden(a, decision.reason);
  }
  if (!allows_method(request, request.path))
    return Error(Reason::kMethodNotAllowed, "the server does not allow this method on the requested resource");
  Answer a = TRY(answer(request, user));
  writer.headers().set("Cache-Control", "no-cache, private");
  writer.send(a.code, a.type, make_bytes(std::move(a.body)));
  return {};
}

Result<SystemPaths::Answer> SystemPaths::answer(const http::Request& request, const api::UserInfo& user) {
  const auto parts = segments(request.path);
  const std::string first = parts.empty() ? "" : parts[0];
  auto as_json = [&](const Json& value) -> Result<Answer> {
    Form form = TRY(negotiate(request.headers.get("Accept"), false));
    if (form.encoding == Form::Encoding::kProtobuf) form.encoding = Form::Encoding::kJson;
    form.pretty = true;
    std::string body = TRY(encode(value, form));
    return Answer{200, std::string(form.content_type()), std::move(body)};
  };
  if (parts.empty())
    return as_json({{"paths", {"/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/cacerts", "/healthz", "/livez",
                               "/metrics", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/ping", "/readyz", "/version"}}});
  if (first == "api" || first == "apis") return discovery(request, parts);
  if (first == "openapi") return openapi(request, parts);
  if (first == "version" && parts.size() == 1) return as_json(version());
  if (first == "healthz" || first == "livez" || first == "readyz")
    return parts.size() > 2 ? Result<Answer>(no_such_path()) : health(request, first, parts.size() == 2 ? parts[1] : "");
  if (request.path == "/metrics") return Answer{200, "text/plain; version=0.0.4; charset=utf-8", metrics_text()};
  if (request.path == "/cacerts") return Answer{200, "text/plain", parts_.pki.server_ca().cert_pem()};
  if (request.path == "/ping") return Answer{200, "text/plain", "pong"};
  if (request.path == "/.well-known/openid-configuration")
    return Answer{200, "application/json", json::dump(parts_.signer.openid_configuration(parts_.signer.issuer() + "/openid/v1/jwks"))};
  if (request.path == "/openid/v1/jwks") return Answer{200, "application/jwk-set+json", json::dump(parts_.signer.jwks())};
  if (request.path == "/v1-skerry/config") {
    Json config = TRY(join_.config(user));
    return Answer{200, "application/json", json::dump(config)};
  }
  if (request.path == "/v1-skerry/join") {
    if (is_anonymous(user)) return unauthorized();
    Body body = TRY(decode_body("application/json", request.body));
    Json identity = TRY(join_.join(user, body.value));
    return Answer{200, "application/json", json::dump(identity)};
  }
  return no_such_path();
}

Result<SystemPaths::Answer> SystemPaths::discovery(const http::Request& request, const std::vector<std::string>& parts) {
  const api::Catalog& catalog = parts_.pipeline.catalog();
  Form form = TRY(negotiate_discovery(request.headers.get("Accept")));
  std::optional<Json> document;
  std::string type(form.content_type());
  bool core = parts[0] == "api";
  if (parts.size() == 1 && form.as == Form::As::kDiscovery) {
    document = api::aggregated_discovery(catalog, core, form.version);
    type += ";g=apidiscovery.k8s.io;v=" + form.version + ";as=APIGroupDiscoveryList";
  } else if (parts.size() == 1) {
    document = core ? api::api_versions(request.local_address) : api::api_group_list(catalog);
  } else if (core && parts.size() == 2) {
    document = api::api_resource_list(catalog, "", parts[1]);
  } else if (!core && parts.size() == 2) {
    document = api::api_group(catalog, parts[1]);
  } else if (!core && parts.size() == 3) {
    document = api::api_resource_list(catalog, parts[1], parts[2]);
  }
  if (!document) return no_such_path();
  auto text = encode(*document, form);
  if (!text && form.encoding == Form::Encoding::kProtobuf) {
    form.encoding = Form::Encoding::kJson;
    type = "application/json";
    text = encode(*document, form);
  }
  std::string body = TRY(std::move(text));
  return Answer{200, type, std::move(body)};
}

Result<SystemPaths::Answer> SystemPaths::openapi(const http::Request& request, const std::vector<std::string>& parts) {
  const api::Catalog& catalog = parts_.pipeline.catalog();
  if (parts.size() == 2 && parts[1] == "v2") {
    std::string_view accept = request.headers.get("Accept");
    if (accept.find("spec.v2") != std::string_view::npos && accept.find("protobuf") != std::string_view::npos)
      return Answer{200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", api::openapi_v2_protobuf(catalog)};
    return Answer{200, "application/json", api::openapi_v2(catalog)};
  }
  if (parts.size() == 2 && parts[1] == "v3") return Answer{200, "application/json", api::openapi_v3_index(catalog)};
  std::optional<std::string> text;
  if (parts.size() == 4 && parts[1] == "v3" && parts[2] == "api") text = api::openapi_v3(catalog, "", parts[3]);
  if (parts.size() == 5 && parts[1] == "v3" && parts[2] == "apis") text = api::openapi_v3(catalog, parts[3], parts[4]);
  if (!text) return no_such_path();
  return Answer{200, "application/json", std::move(*text)};
}

SystemPaths::Answer SystemPaths::health(const http::Request& request, const std::string& kind, const std::string& only) {
  const http::Query query = request.query();
  const auto excluded = query.all("exclude");
  std::string text;
  bool ok = true, found = only.empty();
  auto run = [&](const std::string& name, const std::function<Status()>& check) {
    if (!only.empty() && name != only) return;
    found = true;
    if (std::find(excluded.begin(), excluded.end(), name) != excluded.end()) {
      text += "[+]" + name + " excluded: ok\n";
      return;
    }
    Status status = check ? check() : Status();
    ok = ok && status.has_value();
    text += (status ? "[+]" : "[-]") + name + (status ? " ok\n" : " failed: " + status.error().message + "\n");
  };
  run("ping", nullptr);
  for (const auto& check : checks_)
    if (check.live || kind != "livez") run(check.name, check.check);
  Answer answer{ok ? 200 : 500, "text/plain; charset=utf-8", ""};
  if (!found) return {404, answer.type, "404 page not found\n"};
  if (!ok) answer.body = text + kind + " check failed\n";
  else answer.body = query.has("verbose") ? text + kind + " check passed\n" : "ok";
  return answer;
}

Json SystemPaths::version() const {
  // "v1.36.0+skerry1" -> "1", "36".
  auto parts = split(std::string_view(options_.git_version).substr(options_.git_version.find('v') == 0 ? 1 : 0), '.');
  return {{"major", parts[0]},
          {"minor", parts.size() > 1 ? parts[1] : ""},
          {"gitVersion", options_.git_version},
          {"gitCommit", options_.git_commit},
          {"gitTreeState", "clean"},
          {"buildDate", options_.build_date},
          {"goVersion", ""},
          {"compiler", "g++ " __VERSION__},
          {"platform", "linux/" + std::string(kArchitecture)}};
}

std::string SystemPaths::metrics_text() const {
  std::string text = metrics_.text() + storage_metrics(parts_.pipeline.registry(), parts_.pipeline.catalog()) + process_metrics();
  for (const auto& more : texts_) text += more();
  return text;
}

}  // namespace skerry::apiserver
