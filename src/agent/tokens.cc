#include "agent/tokens.h"

#include <algorithm>

#include "agent/files.h"
#include "base/log.h"
#include "base/strings.h"

namespace skerry::agent {
namespace {

constexpr auto kRetry = seconds(30);
constexpr auto kLongestUse = std::chrono::hours(24);

// A file: refresh time, end, token, one line each.
std::string encode(const Token& t) {
  return format_rfc3339(t.refresh_at) + "\n" + format_rfc3339(t.expires_at) + "\n" + t.text + "\n";
}

std::optional<Token> decode(const std::string& file) {
  auto lines = split(file, '\n');
  if (lines.size() < 3) return std::nullopt;
  auto refresh = parse_rfc3339(lines[0]), end = parse_rfc3339(lines[1]);
  if (!refresh || !end || lines[2].empty()) return std::nullopt;
  return Token{std::string(lines[2]), *refresh, *end};
}

}  // namespace

Tokens::Tokens(client::Client& uplink, const Clock& clock, std::string directory)
    : uplink_(uplink), clock_(clock), directory_(std::move(directory)) {}

Result<Token> Tokens::get(const TokenRequest& request) {
  const std::string path = directory_ + "/" + request.pod_uid + "/" +
                           hex_encode(request.service_account + "\n" + request.audience + "\n" + std::to_string(request.expiration_s));
  std::optional<Token> known;
  {
    std::lock_guard l(mutex_);
    if (auto it = cache_.find(path); it != cache_.end()) known = it->second;
  }
  if (!known)
    if (auto file = read_file(path, 1 << 20)) known = decode(*file);
  const WallTime now = clock_.now();
  if (known && now < known->refresh_at) {
    std::lock_guard l(mutex_);
    cache_[path] = *known;
    return *known;
  }
  Json spec = {{"expirationSeconds", request.expiration_s},
               {"boundObjectRef", {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", request.pod_name}, {"uid", request.pod_uid}}}};
  spec["audiences"] = Json::array();
  if (!request.audience.empty()) spec["audiences"].push_back(request.audience);
  auto answer = uplink_.create_sub(api::kServiceAccounts, request.ns, request.service_account, "token",
                                   {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenRequest"}, {"spec", spec}});
  if (!answer) {
    if (!known) return Error(answer.error().reason, "failed to fetch token: " + answer.error().message);
    LOG_WARN("agent", "token of " << request.ns << "/" << request.service_account << " not renewed: " << answer.error().message);
    known->refresh_at = now + kRetry;
    std::lock_guard l(mutex_);
    cache_[path] = *known;
    return *known;
  }
  Json value = (*answer)->json();
  Token token;
  token.text = json::str(value, {"status", "token"});
  auto end = parse_rfc3339(json::str(value, {"status", "expirationTimestamp"}));
  if (token.text.empty() || !end) return internal_error("failed to fetch token: the server's answer has no token");
  token.expires_at = *end;
  token.refresh_at = now + std::min<std::chrono::nanoseconds>((*end - now) / 10 * 8, kLongestUse);
  TRY(make_directories(directory_, 0700));
  TRY(make_directories(directory_ + "/" + request.pod_uid, 0700));
  TRY(write_file_atomic(path, encode(token), 0600));
  std::lock_guard l(mutex_);
  cache_[path] = token;
  return token;
}

void Tokens::forget_pod(const std::string& pod_uid) {
  const std::string prefix = directory_ + "/" + pod_uid + "/";
  std::lock_guard l(mutex_);
  std::erase_if(cache_, [&](auto& e) { return e.first.starts_with(prefix); });
  (void)remove_tree(directory_ + "/" + pod_uid);
}

void Tokens::retain(const std::vector<std::string>& pod_uids) {
  for (auto& uid : list_directory(directory_))
    if (std::find(pod_uids.begin(), pod_uids.end(), uid) == pod_uids.end()) forget_pod(uid);
}

}  // namespace skerry::agent
