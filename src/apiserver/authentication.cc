#include "apiserver/authentication.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::apiserver {
namespace {

constexpr std::string_view kExtraPrefix = "impersonate-extra-";

// "Bearer abc" -> "abc" if the scheme is that one.
std::optional<std::string> credentials(std::string_view header, std::string_view scheme) {
  size_t blank = header.find(' ');
  if (blank == std::string_view::npos || !http::equal_ignoring_case(header.substr(0, blank), scheme)) return std::nullopt;
  return std::string(trim(header.substr(blank + 1)));
}

}  // namespace

bool is_anonymous(const api::UserInfo& user) { return user.name == "system:anonymous"; }

Error unauthorized() { return Error(Reason::kUnauthorized, "Unauthorized"); }

Result<api::UserInfo> Authentication::join_user(const std::string& user, const std::string& secret) const {
  bool as_server = user == "server" && !secrets_.server.empty() && auth::equal_secrets(secret, secrets_.server);
  // The server's secret also lets agents join.
  bool as_node = user == "node" && ((!secrets_.agent.empty() && auth::equal_secrets(secret, secrets_.agent)) ||
                                    (!secrets_.server.empty() && auth::equal_secrets(secret, secrets_.server)));
  if (!as_server && !as_node) return unauthorized();
  api::UserInfo info;
  info.name = as_server ? "skerry:server" : "skerry:node";
  info.groups = {std::string(kJoinGroup), "system:bootstrappers", "system:authenticated"};
  return info;
}

Result<api::UserInfo> Authentication::authenticate(const http::Request& request) const {
  std::string_view header = request.headers.get("Authorization");
  if (request.peer && request.peer->verified) {
    api::UserInfo user;
    user.name = request.peer->common_name;
    user.groups = request.peer->organizations;
    user.groups.push_back("system:authenticated");
    if (user.name.empty()) return unauthorized();
    return user;
  }
  if (auto token = credentials(header, "Bearer")) {
    if (starts_with(*token, "K10")) {
      auto join = auth::JoinToken::parse(*token);
      if (!join) return unauthorized();
      return join_user(join->user, join->secret);
    }
    auto claims = tokens_.authenticate(*token);
    if (!claims) return claims.error().is(Reason::kUnauthorized) ? unauthorized() : claims.error();
    return claims->user();
  }
  if (auto basic = credentials(header, "Basic")) {
    auto text = base64_decode(*basic);
    size_t colon = text ? text->find(':') : std::string::npos;
    if (colon == std::string::npos) return unauthorized();
    return join_user(text->substr(0, colon), text->substr(colon + 1));
  }
  // A kubelet's stream in a WebSocket cannot always set Authorization; a token may come as a subprotocol.
  for (auto protocol : request.headers.tokens("Sec-WebSocket-Protocol")) {
    constexpr std::string_view prefix = "base64url.bearer.authorization.k8s.io.";
    if (!starts_with(protocol, prefix)) continue;
    auto token = base64url_decode(protocol.substr(prefix.size()));
    auto claims = token ? tokens_.authenticate(*token) : Result<auth::ServiceAccountClaims>(unauthorized());
    if (!claims) return unauthorized();
    return claims->user();
  }
  if (!header.empty() || request.peer) return unauthorized();
  api::UserInfo anonymous;
  anonymous.name = "system:anonymous";
  anonymous.groups = {"system:unauthenticated"};
  return anonymous;
}

Status Authentication::impersonate(const http::Request& request, const auth::Authorizer& authorizer, api::UserInfo& user) {
  api::UserInfo wanted;
  wanted.name = std::string(request.headers.get("Impersonate-User"));
  wanted.uid = std::string(request.headers.get("Impersonate-Uid"));
  for (auto group : request.headers.all("Impersonate-Group")) wanted.groups.emplace_back(group);
  for (const auto& [name, value] : request.headers) {
    std::string lower = to_lower(name);
    if (!starts_with(lower, kExtraPrefix)) continue;
    auto key = url_decode(std::string_view(lower).substr(kExtraPrefix.size()));
    wanted.extra[key.value_or(lower.substr(kExtraPrefix.size()))].push_back(value);
  }
  if (wanted.name.empty()) {
    if (wanted.groups.empty() && wanted.extra.empty() && wanted.uid.empty()) return {};
    return Error(Reason::kBadRequest, "requested impersonation without impersonating a user");
  }
  auto check = [&](const std::string& group, const std::string& resource, const std::string& name, const std::string& sub,
                   const std::string& ns) -> Status {
    auth::Attributes a;
    a.user = user;
    a.verb = "impersonate";
    a.group = group;
    a.resource = resource;
    a.name = name;
    a.subresource = sub;
    a.ns = ns;
    auth::Decision decision = authorizer.authorize(a);
    if (decision.allowed()) return {};
    return auth::forbidden(a, decision.reason);
  };
  constexpr std::string_view account = "system:serviceaccount:";
  if (starts_with(wanted.name, account)) {
    auto parts = split(std::string_view(wanted.name).substr(account.size()), ':');
    if (parts.size() != 2) return Error(Reason::kBadRequest, "invalid service account to impersonate");
    TRY(check("", "serviceaccounts", std::string(parts[1]), "", std::string(parts[0])));
    if (wanted.groups.empty()) wanted.groups = {"system:serviceaccounts", "system:serviceaccounts:" + std::string(parts[0])};
  } else {
    TRY(check("", "users", wanted.name, "", ""));
  }
  for (const auto& group : request.headers.all("Impersonate-Group")) TRY(check("", "groups", std::string(group), "", ""));
  if (!wanted.uid.empty()) TRY(check("authentication.k8s.io", "uids", wanted.uid, "", ""));
  for (const auto& [key, values] : wanted.extra)
    for (const auto& value : values) TRY(check("authentication.k8s.io", "userextras", value, key, ""));
  auto& groups = wanted.groups;
  if (wanted.name != "system:anonymous" && std::find(groups.begin(), groups.end(), "system:authenticated") == groups.end())
    groups.push_back("system:authenticated");
  user = std::move(wanted);
  return {};
}

}  // namespace skerry::apiserver
