#include "runtime/registry_client.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/strings.h"
#include "json/json.h"
#include "os/files.h"
#include "runtime/auth_challenge.h"
#include "runtime/sha256.h"

namespace skerry::runtime {

namespace {

constexpr size_t kMaxManifest = 4 << 20;
constexpr char kAccept[] =
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

http::ClientOptions client_options(http::ClientTls tls) {
  http::ClientOptions options;
  options.tls = std::move(tls);
  return options;
}

std::string basic(const RegistryAuth& auth) {
  return auth.username.empty() && auth.password.empty() ? "" : "Basic " + base64_encode(auth.username + ":" + auth.password);
}

}  // namespace

Result<http::ClientTls> load_tls(const RegistryTls& tls) {
  http::ClientTls out;
  out.insecure = tls.insecure_skip_verify;
  auto read = [](const char* what, const std::string& path, std::string& to) -> Status {
    if (path.empty()) return {};
    auto text = os::read_file(path, 1 << 20);
    if (!text) return Error(Reason::kInvalid, std::string(what) + ": " + text.error().message);
    if (text->find("-----BEGIN ") == std::string::npos) return Error(Reason::kInvalid, std::string(what) + ": " + path + " holds no PEM");
    to = std::move(*text);
    return {};
  };
  TRY(read("ca_file", tls.ca_file, out.ca_pem));
  TRY(read("cert_file", tls.cert_file, out.cert_pem));
  TRY(read("key_file", tls.key_file, out.key_pem));
  if (!out.ca_pem.empty())
    if (std::string file = http::system_ca_file(); !file.empty())
      if (auto system = os::read_file(file, 4 << 20)) out.ca_pem += "\n" + *system;
  return out;
}

RegistryClient::RegistryClient(const RegistryEndpoint& endpoint, RegistryAuth auth, http::ClientTls tls)
    : base_(endpoint.base), path_(endpoint.repository), ns_(endpoint.ns), auth_(std::move(auth)), client_(client_options(std::move(tls))) {
  if (!auth_.registry_token.empty()) authorization_ = "Bearer " + auth_.registry_token;
}

Error RegistryClient::failure(const http::ClientResponse& response, const std::string& what) const {
  std::string detail;
  if (auto body = json::parse_json(response.body); body && body->is_object()) {
    const Json& errors = json::find(*body, "errors");
    if (errors.is_array() && !errors.empty()) detail = to_lower(json::str(errors[0], "code")) + ": " + json::str(errors[0], "message");
  }
  std::string status = "unexpected status from GET request to " + base_ + "/" + path_ + "/" + what + ": " + std::to_string(response.status);
  switch (response.status) {
    case 401:
    case 403:
      return Error(response.status == 401 ? Reason::kUnauthorized : Reason::kForbidden,
                   "pull access denied, repository does not exist or may require authorization: " +
                       (detail.empty() ? "authorization failed" : "server message: " + detail));
    case 404:
      return Error(Reason::kNotFound, "not found");
    case 429:
      return Error(Reason::kTooManyRequests, status + " Too Many Requests" + (detail.empty() ? "" : ": " + detail));
    default:
      return Error(Reason::kServiceUnavailable, status + (detail.empty() ? "" : ": " + detail));
  }
}

Result<std::string> RegistryClient::fetch_token(const std::map<std::string, std::string>& parameters) {
  auto parameter = [&](const char* name) {
    auto it = parameters.find(name);
    return it == parameters.end() ? std::string() : it->second;
  };
  std::string realm = parameter("realm"), service = parameter("service"), scope = parameter("scope");
  if (!starts_with(realm, "https://") && !starts_with(realm, "http://")) return Error(Reason::kUnauthorized, "the registry names no token server");
  if (scope.empty()) scope = "repository:" + path_ + ":pull";
  http::ClientRequest request;
  request.max_body_bytes = 1 << 20;
  if (!auth_.identity_token.empty()) {
    request.method = "POST";
    request.url = realm;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = make_bytes("grant_type=refresh_token&client_id=skerry&service=" + url_encode(service) + "&scope=" + url_encode(scope) +
                              "&refresh_token=" + url_encode(auth_.identity_token));
  } else {
    request.url = realm + (realm.find('?') == std::string::npos ? "?" : "&") + "service=" + url_encode(service) + "&scope=" + url_encode(scope);
    if (std::string credentials = basic(auth_); !credentials.empty()) request.headers.set("Authorization", credentials);
  }
  http::ClientResponse response = TRY(client_.send(request));
  if (response.status == 401 || response.status == 403)
    return Error(Reason::kUnauthorized, "failed to authorize: failed to fetch " +
                     std::string(basic(auth_).empty() && auth_.identity_token.empty() ? "anonymous" : "oauth") +
                     " token: unexpected status from GET request to " + realm + ": " + std::to_string(response.status));
  if (response.status != 200)
    return Error(Reason::kServiceUnavailable, "failed to fetch a token: unexpected status from " + realm + ": " + std::to_string(response.status));
  Json body = TRY(json::parse_json(response.body));
  std::string token = json::str(body, "token", json::str(body, "access_token"));
  if (token.empty()) return Error(Reason::kUnauthorized, "the token server's answer holds no token");
  return token;
}

Status RegistryClient::authenticate(const std::string& header, const std::string& used) {
  {
    std::lock_guard lock(mutex_);
    if (authorization_ != used) return {};  // another thread has a newer one
  }
  std::string authorization;
  for (const AuthChallenge& challenge : parse_auth_challenges(header)) {
    if (challenge.scheme == "bearer") {
      authorization = "Bearer " + TRY(fetch_token(challenge.parameters));
      break;
    }
    if (challenge.scheme == "basic" && !basic(auth_).empty()) authorization = basic(auth_);
  }
  if (authorization.empty() || authorization == used)
    return Error(Reason::kUnauthorized, "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials");
  std::lock_guard lock(mutex_);
  authorization_ = authorization;
  return {};
}

Result<http::ClientResponse> RegistryClient::get(const std::string& path, const http::Headers& headers, const http::Client::OnHead& on_head,
                                                 const http::Client::OnChunk& on_chunk, std::chrono::milliseconds timeout) {
  for (int attempt = 0;; ++attempt) {
    http::ClientRequest request;
    request.url = base_ + "/" + path_ + "/" + path;
    if (!ns_.empty()) request.url += "?ns=" + url_encode(ns_);  // for caches that stand for several registries
    request.headers = headers;
    request.timeout = timeout;
    request.stall_timeout = std::chrono::seconds(60);
    request.follow_redirects = true;
    std::string used;
    {
      std::lock_guard lock(mutex_);
      used = authorization_;
    }
    if (!used.empty()) request.headers.set("Authorization", used);
    Result<http::ClientResponse> response = on_chunk ? client_.send(request, on_head, on_chunk) : client_.send(request);
    if (!response || response->status != 401 || attempt >= 1) return response;
    TRY(authenticate(std::string(response->headers.get("WWW-Authenticate")), used));
  }
}

Result<RegistryClient::ManifestText> RegistryClient::manifest(const std::string& selector) {
  http::Headers headers{{"Accept", kAccept}};
  http::ClientResponse response = TRY(get("manifests/" + selector, headers, nullptr, nullptr, std::chrono::seconds(60)));
  if (response.status != 200) return failure(response, "manifests/" + selector);
  if (response.body.size() > kMaxManifest) return Error(Reason::kRequestEntityTooLarge, "manifest is larger than 4 MiB");
  ManifestText out{response.body, std::string(response.headers.get("Content-Type")), sha256_digest(response.body)};
  if (is_digest(selector) && out.digest != selector)
    return Error(Reason::kInvalid, "manifest has digest " + out.digest + ", " + selector + " was asked for");
  return out;
}

Result<std::string> RegistryClient::blob(const std::string& digest, size_t bound) {
  http::ClientResponse response = TRY(get("blobs/" + digest, {}, nullptr, nullptr, std::chrono::seconds(120)));
  if (response.status != 200) return failure(response, "blobs/" + digest);
  if (response.body.size() > bound) return Error(Reason::kRequestEntityTooLarge, "blob " + digest + " is too large");
  if (sha256_digest(response.body) != digest) return Error(Reason::kInvalid, "blob " + digest + " came damaged");
  return std::move(response.body);
}

Status RegistryClient::download(const std::string& digest, uint64_t size, const std::string& file) {
  os::Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return errno_error("create " + file, errno);
  while (flock(fd.get(), LOCK_EX) != 0) {  // another pull may fetch the same blob
    if (errno != EINTR) return errno_error("lock " + file, errno);
  }
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return errno_error("stat " + file, errno);
  if (static_cast<uint64_t>(st.st_size) < size) {
    uint64_t offset = static_cast<uint64_t>(st.st_size);
    http::Headers headers{{"Accept-Encoding", "identity"}};
    if (offset > 0) headers.set("Range", "bytes=" + std::to_string(offset) + "-");
    Status written;
    int status = 0;
    std::string error_body;
    auto on_head = [&](const http::ClientResponse& head) {
      status = head.status;
      if (status == 200) offset = 0;  // the whole again
      if (status == 200 || status == 206) {
        if (ftruncate(fd.get(), static_cast<off_t>(offset)) != 0 || lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
          written = errno_error("truncate " + file, errno);
          return false;
        }
      }
      return true;
    };
    auto on_chunk = [&](std::string_view chunk) {
      if (status != 200 && status != 206) {
        if (error_body.size() < 65536) error_body.append(chunk);
        return true;
      }
      offset += chunk.size();
      if (offset > size) {
        written = Error(Reason::kInvalid, "blob " + digest + " is larger than its manifest says");
        return false;
      }
      written = os::write_all(fd.get(), chunk);
      return written.has_value();
    };
    auto response = get("blobs/" + digest, headers, on_head, on_chunk, std::chrono::milliseconds(0));
    if (!written) {
      // What did not fit is of no use to anybody, least of all to a full disk.
      unlink(file.c_str());
      return written;
    }
    if (!response) return response.error();
    if (response->status != 200 && response->status != 206) {
      response->body = error_body;
      if (response->status == 416) unlink(file.c_str());
      return failure(*response, "blobs/" + digest);
    }
  }
  std::string actual = TRY(sha256_of_file(file));
  if (actual != digest) {
    unlink(file.c_str());
    return Error(Reason::kInvalid, "failed commit: unexpected digest " + actual + ", expected " + digest);
  }
  return {};
}

}  // namespace skerry::runtime
