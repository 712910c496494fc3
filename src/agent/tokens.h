// Tokens: service account tokens for the pods of this node, by TokenRequest.
//
// Kept on disk (0600), so that pods start again while the server cannot be reached; asked for anew at 80 % of a token's
// life (or after 24 hours). Thread-safe; get() may block on the uplink.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/client.h"

namespace skerry::agent {

struct TokenRequest {
  std::string ns, service_account, pod_name, pod_uid, node_name, node_uid;
  std::string audience;  // empty: the API server's own
  int64_t expiration_s = 3600;
};

struct Token {
  std::string text;
  WallTime refresh_at{};
  WallTime expires_at{};
};

class Tokens {
 public:
  Tokens(client::Client& uplink, const Clock& clock, std::string directory);

  // A token that is not due yet comes from the cache. If a new one cannot be had, the old one serves (also beyond its
  // end: offline it is as good as any), and is asked for again soon.
  Result<Token> get(const TokenRequest& request);
  void forget_pod(const std::string& pod_uid);
  // Forgets what belongs to no pod given.
  void retain(const std::vector<std::string>& pod_uids);

 private:
  client::Client& uplink_;
  const Clock& clock_;
  const std::string directory_;  // <directory>/<pod uid>/<name>
  std::mutex mutex_;             // guards all below
  std::map<std::string, Token> cache_;  // by file path
};

}  // namespace skerry::agent
