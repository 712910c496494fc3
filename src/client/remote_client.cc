#include "client/remote_client.h"

#include <condition_variable>
#include <mutex>

#include "base/http_reason.h"
#include "base/log.h"
#include "base/random.h"
#include "base/strings.h"
#include "client/request_url.h"
#include "client/watch_parser.h"
#include "http/client.h"

namespace skerry::client {
namespace {

constexpr size_t kLongestErrorBody = 1 << 20;

// What an unsuccessful response means. Servers answer with a Status; whatever stands between may answer anything.
Error error_of(const http::ClientResponse& response, std::string_view body) {
  Error e;
  auto status = json::parse_json(body);
  if (status && json::str(*status, "kind") == "Status") {
    e = api::error_from_status(*status, response.status);
  } else {
    std::string text(trim(body.substr(0, 300)));
    e = Error(reason_from_code(response.status), "the server answered " + std::to_string(response.status) + (text.empty() ? "" : ": " + text));
    e.code = response.status;
  }
  if (auto after = parse_int(response.headers.get("Retry-After")); after && *after > 0 && e.retry_after_s == 0)
    e.retry_after_s = static_cast<int>(std::min<int64_t>(*after, 300));
  return e;
}

bool is_unreachable(const Error& e) { return e.is(Reason::kServiceUnavailable) || e.is(Reason::kTimeout); }

Result<api::List> decode_list(Json body) {
  api::List list;
  const std::string kind = json::str(body, "kind");
  if (!ends_with(kind, "List")) return internal_error("a list request was answered with kind \"" + kind + "\"");
  const std::string item_kind = kind.substr(0, kind.size() - 4), api_version = json::str(body, "apiVersion");
  list.revision = parse_int(json::str(body, {"metadata", "resourceVersion"})).value_or(0);
  list.continue_token = json::str(body, {"metadata", "continue"});
  if (const Json& n = json::find(body, {"metadata", "remainingItemCount"}); n.is_number_integer())
    list.remaining = n.get<int64_t>();
  auto items = body.find("items");
  if (items == body.end() || !items->is_array()) return list;
  list.items.reserve(items->size());
  for (Json& item : *items) {
    if (!item.is_object()) return internal_error("a list contains something that is no object");
    // Lists of Kubernetes leave out what the list itself tells.
    if (!item_kind.empty() && !item.contains("kind")) item["kind"] = item_kind;
    if (!item_kind.empty() && !item.contains("apiVersion")) item["apiVersion"] = api_version;
    list.items.push_back(api::Object::from_json(item));
    item = nullptr;
  }
  return list;
}

// One watch. Callbacks come on the stream client's thread.
struct Stream {
  explicit Stream(api::WatchHandler h) : handler(std::move(h)) {}

  const api::WatchHandler handler;
  // Only on the stream's thread.
  http::ClientResponse head;
  WatchParser parser;
  std::string error_body;
  bool finished = false;

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  bool established = false;
  std::optional<Error> refused;

  void on_head(const http::ClientResponse& response) {
    head.status = response.status;
    head.headers = response.headers;
    if (response.status != 200) return;  // the body tells why; see on_end
    std::lock_guard l(mutex);
    established = true;
    changed.notify_all();
  }
  void on_chunk(std::string_view bytes) {
    if (finished) return;
    if (head.status != 200) {
      error_body.append(bytes.substr(0, kLongestErrorBody - std::min(kLongestErrorBody, error_body.size())));
      return;
    }
    auto events = parser.feed(bytes);
    if (!events) {
      LOG_WARN("client", "a watch is given up: " << events.error().message);
      return finish();
    }
    if (events->empty()) return;
    for (size_t i = 0; i < events->size(); ++i)
      if ((*events)[i].type == api::EventType::kError) {
        finished = true;
        events->resize(i + 1);
        break;
      }
    handler(*events);
  }
  void on_end(Result<http::ClientResponse> result) {
    {
      std::lock_guard l(mutex);
      if (!established) {
        refused = result ? error_of(head, error_body) : result.error();
        finished = true;
        changed.notify_all();
        return;
      }
    }
    finish();
  }
  void finish() {
    if (finished) return;
    finished = true;
    handler({});
  }
};

class RemoteWatch final : public api::Watch {
 public:
  RemoteWatch(std::shared_ptr<Stream> stream, std::unique_ptr<http::StreamClient::Handle> handle)
      : stream_(std::move(stream)), handle_(std::move(handle)) {}
  ~RemoteWatch() override { handle_->cancel(); }

 private:
  std::shared_ptr<Stream> stream_;
  std::unique_ptr<http::StreamClient::Handle> handle_;
};

}  // namespace

struct RemoteClient::Impl {
  Impl(RemoteOptions o, const Clock& c)
      : options(std::move(o)), clock(c), requests(client_options()), streams(client_options()) {
    while (ends_with(options.server, "/")) options.server.pop_back();
  }

  http::ClientOptions client_options() const {
    http::ClientOptions o;
    o.tls = options.tls;
    o.bearer_token = options.bearer_token;
    o.user_agent = options.user_agent;
    return o;
  }

  RemoteOptions options;
  const Clock& clock;
  http::Client requests;
  http::StreamClient streams;

  mutable std::mutex mutex;  // guards all below
  bool reachable = true;
  MonoTime down_until{};
  Error down;

  Status check_up() const {
    std::lock_guard l(mutex);
    if (!reachable && clock.mono() < down_until) return down;
    return {};
  }
  void note(const Error* failure) {
    std::lock_guard l(mutex);
    if (!failure) {
      reachable = true;
    } else if (is_unreachable(*failure)) {
      reachable = false;
      down = *failure;
      down_until = clock.mono() + options.remember_failure;
    }
  }

  http::ClientRequest http_request(const api::Request& r) const {
    http::ClientRequest h;
    h.method = request_method(r.verb);
    h.url = options.server + request_target(r);
    h.headers.add("Accept", "application/json");
    if (!r.user_agent.empty()) h.headers.add("User-Agent", r.user_agent);
    if (std::string body = request_body(r); !body.empty()) {
      h.headers.add("Content-Type", std::string(content_type(r)));
      h.body = make_bytes(std::move(body));
    }
    h.connect_timeout = options.connect_timeout;
    h.timeout = options.timeout;
    return h;
  }
};

RemoteClient::RemoteClient(RemoteOptions options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
RemoteClient::~RemoteClient() = default;

Result<api::Response> RemoteClient::send(api::Request request) {
  TRY(impl_->check_up());
  auto result = impl_->requests.send(impl_->http_request(request));
  impl_->note(result ? nullptr : &result.error());
  if (!result) return result.error();
  if (result->status < 200 || result->status > 299) return error_of(*result, result->body);
  api::Response response;
  response.code = result->status;
  for (auto warning : result->headers.all("Warning")) response.warnings.emplace_back(warning);
  const bool is_list = request.verb == api::Verb::kList;
  if (!is_list) {
    response.object = TRY(api::Object::from_bytes(make_bytes(std::move(result->body))));
    return response;
  }
  Json body = TRY(json::parse_json(result->body));
  result->body = std::string();
  response.list = std::make_shared<api::List>(TRY(decode_list(std::move(body))));
  return response;
}

Result<std::unique_ptr<api::Watch>> RemoteClient::watch(api::Request request, api::WatchHandler handler) {
  TRY(impl_->check_up());
  request.verb = api::Verb::kWatch;
  if (request.options.timeout_s <= 0)
    request.options.timeout_s = 300 + static_cast<int64_t>(SystemRandom().below(300));
  auto stream = std::make_shared<Stream>(std::move(handler));
  http::ClientRequest h = impl_->http_request(request);
  // The server ends it; a link that died in silence is noticed a little later.
  h.timeout = seconds(request.options.timeout_s + 30);
  h.body = nullptr;
  auto handle = impl_->streams.start(
      std::move(h), {[stream](const http::ClientResponse& r) { stream->on_head(r); },
                     [stream](std::string_view bytes) { stream->on_chunk(bytes); },
                     [stream](Result<http::ClientResponse> r) { stream->on_end(std::move(r)); }});
  std::optional<Error> failure;
  {
    std::unique_lock l(stream->mutex);
    const bool answered = stream->changed.wait_for(l, impl_->options.connect_timeout + impl_->options.timeout,
                                                   [&] { return stream->established || stream->refused; });
    if (!answered) failure = Error(Reason::kTimeout, "the server did not answer a watch request in time");
    else if (!stream->established) failure = *stream->refused;
  }
  impl_->note(failure && failure->code == 0 ? &*failure : nullptr);
  if (failure) {
    handle->cancel();
    return *failure;
  }
  return std::make_unique<RemoteWatch>(std::move(stream), std::move(handle));
}

void RemoteClient::set_tls(http::ClientTls tls) {
  impl_->requests.set_tls(tls);
  impl_->streams.set_tls(std::move(tls));
}

void RemoteClient::set_bearer_token(std::string token) {
  impl_->requests.set_bearer_token(token);
  impl_->streams.set_bearer_token(std::move(token));
}

bool RemoteClient::reachable() const {
  std::lock_guard l(impl_->mutex);
  return impl_->reachable;
}

}  // namespace skerry::client
