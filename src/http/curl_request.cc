#include "http/curl_request.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/strings.h"

namespace skerry::http {

void init_curl() {
  static std::once_flag once;  // libcurl's own process-wide state asks for this
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

namespace {

// Where a request goes if the server is to be known by another name than the URL's host (tls.server_name): libcurl takes
// the name it verifies and sends (SNI) from the URL, so the URL gets that name, the connection is led to the real host
// ("name:port:host:port" for CURLOPT_CONNECT_TO), and the Host header stays as it was.
struct Target {
  std::string url{};
  std::string connect_to{};  // empty: as the URL says
  std::string host{};
};

Target target_of(const std::string& url, const ClientTls& tls) {
  static constexpr std::string_view kScheme = "https://";
  Target target;
  target.url = url;
  if (tls.server_name.empty() || !starts_with(url, kScheme)) return target;
  const size_t end = std::min(url.find_first_of("/?#", kScheme.size()), url.size());
  std::string authority = url.substr(kScheme.size(), end - kScheme.size());
  if (size_t at = authority.rfind('@'); at != authority.npos) authority.erase(0, at + 1);
  const size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  const std::string host = has_port ? authority.substr(0, colon) : authority;
  const std::string port = has_port ? authority.substr(colon + 1) : "443";
  target.url = std::string(kScheme) + tls.server_name + ":" + port + url.substr(end);
  target.connect_to = tls.server_name + ":" + port + ":" + host + ":" + port;
  target.host = authority;
  return target;
}

}  // namespace

CurlRequest::CurlRequest(CURL* handle, const ClientOptions& options, const ClientRequest& request, Client::OnHead on_head,
                         Client::OnChunk on_chunk)
    : handle_(handle), request_(request), on_head_(std::move(on_head)), on_chunk_(std::move(on_chunk)) {
  curl_easy_reset(handle);
  auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
  set(CURLOPT_NOSIGNAL, 1L);
  const Target target = target_of(request.url, options.tls);
  set(CURLOPT_URL, target.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_proxy(options);
  set(CURLOPT_USERAGENT, options.user_agent.c_str());
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 60L);
  set(CURLOPT_TCP_KEEPINTVL, 20L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_PATH_AS_IS, 1L);
  if (!options.unix_path.empty()) set(CURLOPT_UNIX_SOCKET_PATH, options.unix_path.c_str());
  if (request.stall_timeout.count() > 0) {
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  }
  if (request.follow_redirects) {
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 10L);
  }

  if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (request.body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body->data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
  }
  if (request.method != "GET" || request.body) set(CURLOPT_CUSTOMREQUEST, request.method.c_str());

  curl_slist* list = nullptr;
  auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  for (const auto& [name, value] : request.headers) add(value.empty() ? name + ";" : name + ": " + value);
  if (!target.connect_to.empty()) {
    connect_to_.reset(curl_slist_append(nullptr, target.connect_to.c_str()));
    set(CURLOPT_CONNECT_TO, connect_to_.get());
    if (!request.headers.has("Host")) add("Host: " + target.host);
  }
  add("Expect:");  // no "100-continue" round trip
  if (request.body && !request.headers.has("Content-Type")) add("Content-Type:");
  headers_.reset(list);
  set(CURLOPT_HTTPHEADER, list);
  if (!options.bearer_token.empty() && !request.headers.has("Authorization")) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    set(CURLOPT_XOAUTH2_BEARER, options.bearer_token.c_str());
  }
  set_tls(options.tls);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_HEADERFUNCTION, &CurlRequest::header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlRequest::body);
  set(CURLOPT_WRITEDATA, this);
}

void CurlRequest::set_proxy(const ClientOptions& options) {
  std::string proxy = options.proxy;
  if (starts_with(proxy, "socks5://")) proxy.replace(0, 6, "socks5h");  // names are the proxy's to resolve
  curl_easy_setopt(handle_, CURLOPT_PROXY, proxy.c_str());  // "": none, whatever the environment says
  if (!starts_with(proxy, "https://")) return;
  if (const std::string& ca = options.tls.ca_pem; !ca.empty()) {
    curl_blob data{const_cast<char*>(ca.data()), ca.size(), CURL_BLOB_COPY};
    curl_easy_setopt(handle_, CURLOPT_PROXY_CAINFO_BLOB, &data);
  }
  curl_easy_setopt(handle_, CURLOPT_PROXY_SSL_VERIFYPEER, options.tls.insecure ? 0L : 1L);
  curl_easy_setopt(handle_, CURLOPT_PROXY_SSL_VERIFYHOST, options.tls.insecure ? 0L : 2L);
}

void CurlRequest::set_tls(const ClientTls& tls) {
  auto blob = [&](CURLoption option, const std::string& text) {
    if (text.empty()) return;
    curl_blob data{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    curl_easy_setopt(handle_, option, &data);
  };
  blob(CURLOPT_CAINFO_BLOB, tls.ca_pem);
  if (tls.ca_pem.empty() && !tls.insecure)
    if (std::string file = system_ca_file(); !file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, file.c_str());
  blob(CURLOPT_SSLCERT_BLOB, tls.cert_pem);
  blob(CURLOPT_SSLKEY_BLOB, tls.key_pem);
  curl_easy_setopt(handle_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, tls.insecure ? 0L : 1L);
  curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, tls.insecure ? 0L : 2L);
}

size_t CurlRequest::header(char* data, size_t size, size_t count, void* self_pointer) {
  auto& self = *static_cast<CurlRequest*>(self_pointer);
  std::string_view line = trim(std::string_view(data, size * count));
  if (starts_with(line, "HTTP/")) {  // also each head before the last: 100 Continue, redirects
    self.response_.headers = Headers();
    self.head_came_ = false;
    return size * count;
  }
  if (line.empty()) {
    self.head_came_ = true;
    return size * count;
  }
  size_t colon = line.find(':');
  if (colon == line.npos || self.response_.headers.size() >= 500) return size * count;
  self.response_.headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  return size * count;
}

bool CurlRequest::head_done() {
  if (head_told_) return true;
  head_told_ = true;
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (on_head_ && !on_head_(response_)) stopped_ = true;
  return !stopped_;
}

size_t CurlRequest::body(char* data, size_t size, size_t count, void* self_pointer) {
  auto& self = *static_cast<CurlRequest*>(self_pointer);
  size_t n = size * count;
  if (!self.head_done()) return 0;
  if (self.on_chunk_) {
    self.stopped_ = !self.on_chunk_(std::string_view(data, n));
    return self.stopped_ ? 0 : n;
  }
  if (self.response_.body.size() + n > self.request_.max_body_bytes) {
    self.too_large_ = true;
    return 0;
  }
  self.response_.body.append(data, n);
  return n;
}

// What went wrong, for the commonest reasons in the words that users of Kubernetes (and their scripts) know from events.
std::string CurlRequest::known_words(CURLcode code) const {
  const std::string_view said = error_;
  const auto word_after = [&](std::string_view before) {
    const size_t at = said.find(before);
    const std::string_view rest = at == said.npos ? "" : said.substr(at + before.size());
    return std::string(rest.substr(0, rest.find(' ')));
  };
  long number = 0;
  if (code == CURLE_GOT_NOTHING) return "EOF";
  if (const auto host = word_after("Could not resolve host: "); code == CURLE_COULDNT_RESOLVE_HOST && !host.empty())
    return "dial tcp: lookup " + host + ": no such host";
  if (code == CURLE_COULDNT_CONNECT && curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0) {
    const std::string host = word_after("Failed to connect to "), port = word_after(" port ");
    const std::string where = host.empty() || port.empty() ? std::string(said) : "dial tcp " + (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + port;
    return where + ": connect: " + to_lower(std::strerror(static_cast<int>(number)));  // refused, unreachable, ...
  }
  return error_[0] ? error_ : curl_easy_strerror(code);
}

Result<ClientResponse> CurlRequest::result(CURLcode code) {
  if (code == CURLE_OK && head_done()) return std::move(response_);
  // Cut off between head and body (a watch without events that took too long): whoever waits learns that there was an answer.
  if (head_came_ && !stopped_) head_done();
  if (stopped_) return Error(Reason::kUnknown, "stopped by the receiver");
  std::string what = request_.method + " " + request_.url + ": ";
  if (too_large_) return Error(Reason::kRequestEntityTooLarge, what + "the response is too large");
  std::string message = what + known_words(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return Error(Reason::kTimeout, message);
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return Error(Reason::kBadRequest, message);
  return Error(Reason::kServiceUnavailable, message);
}

}  // namespace skerry::http
