#include "kubectl/rest.h"

#include <mutex>
#include <thread>

#include "api/request.h"
#include "base/clock.h"
#include "base/http_reason.h"
#include "base/strings.h"
#include "http/client.h"
#include "http/server.h"
#include "kubeconfig/client_config.h"
#include "kubeconfig/credentials.h"
#include "kubeconfig/rest_config.h"

namespace skerry::kubectl {

namespace {

constexpr int kMaxRetries = 10;  // of an answer that says "later", as client-go

// What client-go says of an answer that is no Status.
std::string_view generic_message(int status) {
  switch (status) {
    case 401: return "the server has asked for the client to provide credentials";
    case 404: return "the server could not find the requested resource";
    case 405: return "the server does not allow this method on the requested resource";
    case 406: return "the server was unable to respond with a content type that the client supports";
    case 409: return "the server reported a conflict";
    case 415: return "the body of the request was in an unknown format";
    case 422: return "the server rejected our request due to an error in our request";
    case 429: return "the server has received too many requests and has asked us to try again later";
    case 503: return "the server is currently unable to handle the request";
    case 504: return "the server was unable to return a response in the time allotted, but may still be processing the request";
    default: return status >= 500 ? "an error on the server" : "the server rejected our request for an unknown reason";
  }
}

Error error_of(int status, std::string_view body) {
  Error e;
  auto parsed = json::parse_json(body);
  if (parsed && json::str(*parsed, "kind") == "Status") {
    e = api::error_from_status(*parsed, status);
    if (status == 500 && json::str(*parsed, "reason").empty()) e.reason = Reason::kUnknown;  // as client-go reads it
  } else {
    e = Error(reason_from_code(status), std::string(generic_message(status)));
    std::string text(trim(body.substr(0, 2048)));
    if (status == 403) e.message = text.empty() ? "forbidden" : text;
    else if ((status >= 500 && status != 503 && status != 504) || status == 400) e.message += " (\"" + text + "\")";
  }
  e.code = status;
  return e;
}

// What libcurl says, in the words kubectl's users know (and scripts look for).
std::string known_words(std::string_view message) {
  const auto has = [&](std::string_view text) { return message.find(text) != message.npos; };
  const auto quoted = [&](std::string_view before, char end) {
    auto rest = message.substr(message.find(before) + before.size());
    return std::string(rest.substr(0, rest.find(end)));
  };
  if (has("Could not resolve host: ")) return "dial tcp: lookup " + quoted("Could not resolve host: ", ' ') + ": no such host";
  if (has("Could not resolve proxy: ")) return "proxyconnect tcp: dial tcp: lookup " + quoted("Could not resolve proxy: ", ' ') + ": no such host";
  if (has("certificate has expired") || has("certificate is not yet valid"))
    return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
  if (has("SSL certificate problem: unable to get") || has("self-signed certificate") || has("self signed certificate"))
    return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  if (has("does not match target host name '"))
    return "tls: failed to verify certificate: x509: certificate is not valid for " + quoted("does not match target host name '", '\'');
  if (has("no alternative certificate subject name matches target host name '"))
    return "tls: failed to verify certificate: x509: certificate is not valid for " +
           quoted("no alternative certificate subject name matches target host name '", '\'');
  if (has("Empty reply from server") || has("unexpected eof while reading")) return "EOF";
  if (has("wrong version number")) return "http: server gave HTTP response to HTTPS client";
  // "GET https://..: " is of no use here: one line names the server already.
  const size_t url = message.find("://"), end = url == message.npos ? url : message.find(": ", url);
  return std::string(end == message.npos ? message : message.substr(end + 2));
}

// The failure of a request to which no answer came, as kubectl shows it.
Error unreachable(const Error& cause, const std::string& host) {
  if (to_lower(cause.message).find("refused") != std::string::npos)
    return Error(Reason::kUnknown, "The connection to the server " + host + " was refused - did you specify the right host or port?");
  if (starts_with(cause.message, "Unable to connect to the server: ")) return Error(Reason::kUnknown, cause.message);
  return Error(Reason::kUnknown, "Unable to connect to the server: " + known_words(cause.message));
}

}  // namespace

std::string query_text(const Query& query) {
  std::string out;
  for (auto& [key, value] : query) out += (out.empty() ? "?" : "&") + url_encode(key) + "=" + url_encode(value);
  return out;
}

Result<RestRequest> raw_request(std::string_view method, const std::string& target) {
  auto invalid = [&](std::string_view why) {
    return Error(Reason::kUnknown, "--raw must be a valid URL path: parse " + json::dump(Json(target)) + ": " + std::string(why));
  };
  if (target.empty()) return invalid("empty url");
  for (unsigned char c : target)
    if (c < 0x20 || c == 0x7f) return invalid("net/url: invalid control character in URL");
  std::string rest = target;
  if (target[0] != '/') {
    // A whole URL: the server is the configuration's, whatever it says.
    auto scheme = target.find("://");
    bool named = scheme != std::string::npos && scheme > 0 && isalpha(static_cast<unsigned char>(target[0])) &&
                 target.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.") == scheme;
    if (!named) return invalid("invalid URI for request");
    auto slash = target.find_first_of("/?", scheme + 3);
    rest = slash == std::string::npos ? "/" : target[slash] == '?' ? "/" + target.substr(slash) : target.substr(slash);
  }
  for (size_t i = 0, end = rest.find('?'); i < rest.size() && i < end; ++i)
    if (rest[i] == '%' && (i + 2 >= rest.size() || !isxdigit(static_cast<unsigned char>(rest[i + 1])) || !isxdigit(static_cast<unsigned char>(rest[i + 2]))))
      return invalid("invalid URL escape " + json::dump(Json(rest.substr(i, 3))));
  auto question = rest.find('?');
  RestRequest request{.method = std::string(method), .path = rest.substr(0, question)};
  if (question == std::string::npos) return request;
  for (auto part : split(std::string_view(rest).substr(question + 1), '&')) {
    if (part.empty()) continue;
    auto eq = part.find('=');
    request.query.emplace_back(url_decode(part.substr(0, eq)).value_or(""), eq == std::string_view::npos ? "" : url_decode(part.substr(eq + 1)).value_or(""));
  }
  return request;
}

struct RestClient::Impl {
  kubeconfig::RestConfig config;
  std::function<void(std::string_view)> on_warning;
  int verbosity;
  std::function<void(std::string_view)> on_log;
  SystemClock clock;
  kubeconfig::Credentials credentials{config, kubeconfig::Environment::of_process(), clock};
  http::Client client{kubeconfig::client_options(config)};
  std::mutex mutex{};  // guards the two below; on_warning runs under it
  uint64_t tls_generation = 0;
  std::vector<std::string> shown_warnings{};

  void show_warnings(const http::Headers& headers) {
    std::lock_guard lock(mutex);
    for (auto value : headers.all("Warning")) {
      // 299 - "text"
      auto quote = value.find('"');
      if (!starts_with(value, "299 ") || quote == std::string_view::npos) continue;
      std::string text;
      for (size_t i = quote + 1; i < value.size() && value[i] != '"'; ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) ++i;
        text += value[i];
      }
      bool known = false;
      for (auto& s : shown_warnings) known |= s == text;
      if (known) continue;
      shown_warnings.push_back(text);
      if (on_warning) on_warning(text);
    }
  }

  // Sends until there is an answer worth showing; `on_chunk` (may be null) gets the body of a 2xx.
  Result<http::ClientResponse> exchange(const RestRequest& r, const std::function<bool(std::string_view)>* on_chunk, std::string& error_body,
                                        bool& stopped) {
    http::ClientRequest q;
    q.method = r.method;
    q.url = config.server + r.path + query_text(r.query);
    q.timeout = r.timeout.count() >= 0 ? r.timeout : config.timeout;
    q.connect_timeout = std::chrono::seconds(30);
    q.max_body_bytes = size_t{1} << 30;
    if (!r.body.empty()) q.body = make_bytes(r.body);
    for (int attempt = 0;; ++attempt) {
      auto access = TRY(credentials.access());
      {
        std::lock_guard lock(mutex);
        if (access.generation != tls_generation) {
          client.set_tls(access.tls);
          tls_generation = access.generation;
        }
      }
      q.headers = access.headers;
      q.headers.set("Accept", r.accept);
      if (config.disable_compression) q.headers.set("Accept-Encoding", "identity");
      if (!r.body.empty()) q.headers.set("Content-Type", r.content_type);
      auto begin = std::chrono::steady_clock::now();
      int status = 0;
      error_body.clear();
      auto answer = on_chunk ? client.send(
                                   q,
                                   [&](const http::ClientResponse& head) {
                                     status = head.status;
                                     return true;
                                   },
                                   [&](std::string_view chunk) {
                                     if (status / 100 == 2) {
                                       stopped = !(*on_chunk)(chunk);
                                       return !stopped;
                                     }
                                     error_body.append(chunk.substr(0, (1 << 20) - std::min<size_t>(error_body.size(), 1 << 20)));
                                     return true;
                                   })
                             : client.send(q);
      if (stopped) return http::ClientResponse{.status = 200};
      if (verbosity >= 6 && on_log) {
        auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
        on_log("\"Response\" verb=\"" + q.method + "\" url=\"" + q.url + "\" status=\"" + (answer ? std::to_string(answer->status) + " " + std::string(http::status_text(answer->status)) : "") +
               "\" milliseconds=" + std::to_string(ms));
      }
      if (verbosity >= 8 && on_log && !r.body.empty()) on_log("\"Request Body\" body=" + r.body);
      if (!answer) {
        // A stream that breaks after it began just ends.
        if (on_chunk && status / 100 == 2) return http::ClientResponse{.status = status};
        return unreachable(answer.error(), config.host());
      }
      if (verbosity >= 8 && on_log && !on_chunk) on_log("\"Response Body\" body=" + answer->body);
      show_warnings(answer->headers);
      if (answer->status == 401 && attempt == 0 && credentials.rejected(access)) continue;
      auto after = parse_int(answer->headers.get("Retry-After"));
      if ((answer->status == 429 || answer->status / 100 == 5) && after && *after >= 0 && attempt < kMaxRetries && r.retries) {
        std::this_thread::sleep_for(std::chrono::seconds(std::min<int64_t>(*after, 60)));
        continue;
      }
      return answer;
    }
  }
};

RestClient::RestClient(const kubeconfig::RestConfig& config, std::function<void(std::string_view)> on_warning, int verbosity,
                       std::function<void(std::string_view)> on_log)
    : impl_(new Impl{.config = config, .on_warning = std::move(on_warning), .verbosity = verbosity, .on_log = std::move(on_log), .clock = {}}) {}
RestClient::~RestClient() = default;

Result<RestResponse> RestClient::send(const RestRequest& request) {
  std::string error_body;
  bool stopped = false;
  auto answer = TRY(impl_->exchange(request, nullptr, error_body, stopped));
  if (answer.status / 100 != 2) return error_of(answer.status, answer.body);
  return RestResponse{answer.status, std::move(answer.headers), std::move(answer.body)};
}

Result<Json> RestClient::json(const RestRequest& request) {
  auto answer = TRY(send(request));
  auto parsed = json::parse_json(answer.body);
  if (!parsed) return Error(Reason::kUnknown, "cannot read the answer of the server: " + parsed.error().message);
  return parsed;
}

Status RestClient::stream(const RestRequest& request, const std::function<bool(std::string_view)>& on_chunk) {
  std::string error_body;
  bool stopped = false;
  auto answer = TRY(impl_->exchange(request, &on_chunk, error_body, stopped));
  if (answer.status / 100 != 2) return error_of(answer.status, error_body);
  return {};
}

const kubeconfig::RestConfig& RestClient::config() const { return impl_->config; }
Result<kubeconfig::Access> RestClient::access() { return impl_->credentials.access(); }
std::string RestClient::host() const { return impl_->config.host(); }

}  // namespace skerry::kubectl
