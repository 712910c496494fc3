// Authentication: who sent this HTTP request, by client certificate, bearer token or join token.
#pragma once

#include <functional>
#include <string>

#include "api/request.h"
#include "auth/authorizer.h"
#include "auth/tokens.h"
#include "base/result.h"
#include "http/server.h"

namespace skerry::apiserver {

struct Secrets {
  std::string server, agent;  // of join tokens; empty: none
};

class Authentication {
 public:
  Authentication(const auth::TokenAuthenticator& tokens, Secrets secrets) : tokens_(tokens), secrets_(std::move(secrets)) {}

  // system:anonymous where nothing is presented; Unauthorized where what is presented is wrong.
  Result<api::UserInfo> authenticate(const http::Request& request) const;
  // Replaces the user where Impersonate- headers ask for it and the user may impersonate.
  static Status impersonate(const http::Request& request, const auth::Authorizer& authorizer, api::UserInfo& user);

 private:
  Result<api::UserInfo> join_user(const std::string& user, const std::string& secret) const;

  const auth::TokenAuthenticator& tokens_;
  const Secrets secrets_;
};

bool is_anonymous(const api::UserInfo& user);
Error unauthorized();
// Joins the cluster: what join tokens are good for.
inline constexpr std::string_view kJoinGroup = "skerry:join";

}  // namespace skerry::apiserver
