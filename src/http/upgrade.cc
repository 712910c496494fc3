#include "http/upgrade.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "base/random.h"
#include "base/strings.h"
#include "http/dial.h"
#include "http/parser.h"
#include "http/socket_stream.h"

namespace skerry::http {
namespace {

constexpr size_t kMaxHead = 64 << 10, kMaxBody = 64 << 10;

using Deadline = std::chrono::steady_clock::time_point;

// Reads and writes a transport that nobody else uses yet.
class Exchange {
 public:
  Exchange(Transport& transport, Deadline deadline) : transport_(transport), deadline_(deadline) {}

  Status send(std::string_view bytes) {
    while (!bytes.empty()) {
      iovec part{const_cast<char*>(bytes.data()), bytes.size()};
      size_t n = 0;
      auto io = transport_.write(&part, 1, scratch_, n);
      if (io == Transport::Io::kDone) bytes.remove_prefix(n);
      else TRY(wait(io));
    }
    return {};
  }

  // More bytes into input; false: the end.
  Result<bool> more() {
    while (true) {
      size_t n = 0;
      auto io = transport_.read(scratch_, sizeof scratch_, n);
      if (io == Transport::Io::kDone) {
        input.append(scratch_, n);
        return true;
      }
      if (io == Transport::Io::kEnd) return false;
      TRY(wait(io));
    }
  }

  std::string input;

 private:
  Status wait(Transport::Io io) {
    if (io != Transport::Io::kWantRead && io != Transport::Io::kWantWrite) {
      return Error(Reason::kServiceUnavailable, "connection reset by peer");
    }
    while (true) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) return Error(Reason::kTimeout, "timed out waiting for the server's answer");
      pollfd entry{transport_.fd(), static_cast<short>(io == Transport::Io::kWantRead ? POLLIN : POLLOUT), 0};
      int n = ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
      if (n > 0) return {};
      if (n < 0 && errno != EINTR) return errno_error("poll", errno);
    }
  }

  Transport& transport_;
  const Deadline deadline_;
  char scratch_[16 << 10];
};

std::string request_head(const ClientOptions& options, const UrlParts& url, const UpgradeRequest& request) {
  std::string head = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host_header() + "\r\n";
  auto line = [&](std::string_view name, std::string_view value) { (((head += name) += ": ") += value) += "\r\n"; };
  if (!request.headers.has("User-Agent")) line("User-Agent", options.user_agent);
  if (!request.headers.has("Authorization") && !options.bearer_token.empty()) line("Authorization", "Bearer " + options.bearer_token);
  for (const auto& [name, value] : request.headers) line(name, value);
  if (request.method != "GET") line("Content-Length", "0");
  return head + "\r\n";
}

// As much of a refusal's body as is needed to say why; how it ends does not matter.
std::string refusal_body(Exchange& exchange, const ResponseHead& head) {
  std::string body;
  if (head.headers.has_token("Transfer-Encoding", "chunked")) {
    ChunkDecoder decoder;
    while (!decoder.done()) {
      auto taken = decoder.feed(exchange.input, body, kMaxBody);
      if (!taken) return body;
      exchange.input.erase(0, *taken);
      if (decoder.done()) break;
      auto more = exchange.more();
      if (!more || !*more) break;
    }
    return body;
  }
  auto length = parse_int(head.headers.get("Content-Length"));
  size_t want = length && *length >= 0 ? static_cast<size_t>(std::min<int64_t>(*length, kMaxBody)) : kMaxBody;
  while (exchange.input.size() < want) {
    auto more = exchange.more();
    if (!more || !*more) break;
  }
  return exchange.input.substr(0, want);
}

bool valid_header(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

Result<UpgradeResponse> request_upgrade(const std::shared_ptr<EventLoop>& loop, const ClientOptions& options,
                                        const UpgradeRequest& request) {
  Deadline deadline = std::chrono::steady_clock::now() + request.timeout;
  for (const auto& [name, value] : request.headers) {
    if (!valid_header(name) || !valid_header(value)) return Error(Reason::kBadRequest, "invalid header " + name);
  }
  if (!valid_header(options.bearer_token)) return Error(Reason::kBadRequest, "invalid bearer token");
  UrlParts url = TRY(parse_url(request.url));
  Transport transport = TRY(dial(options, url, request.timeout));
  Exchange exchange(transport, deadline);
  TRY(exchange.send(request_head(options, url, request)));
  ResponseHead head;
  do {
    size_t end;
    while ((end = exchange.input.find("\r\n\r\n")) == std::string::npos) {
      if (exchange.input.size() > kMaxHead) return Error(Reason::kServiceUnavailable, "the answer's head is too large");
      bool more = TRY(exchange.more());
      if (!more) return Error(Reason::kServiceUnavailable, "unexpected EOF");
    }
    head = TRY(parse_response_head(std::string_view(exchange.input).substr(0, end + 4)));
    exchange.input.erase(0, end + 4);
  } while (head.status < 200 && head.status != 101);
  UpgradeResponse response;
  response.status = head.status;
  response.headers = head.headers;
  if (head.status != 101) {
    response.body = refusal_body(exchange, head);
    return response;
  }
  auto stream = std::make_shared<SocketStream>(loop, request.max_pending);
  auto moved = std::make_shared<Transport>(std::move(transport));
  loop->post([stream, moved, input = std::move(exchange.input)] { stream->attach(std::move(*moved), input, nullptr); });
  response.stream = stream;
  return response;
}

Result<WebSocketResponse> connect_websocket(const std::shared_ptr<EventLoop>& loop, const ClientOptions& options,
                                            const std::string& url, const std::vector<std::string>& protocols, Headers headers) {
  std::string key = base64_encode(SystemRandom().bytes(16));
  headers.set("Upgrade", "websocket");
  headers.set("Connection", "Upgrade");
  headers.set("Sec-WebSocket-Key", key);
  headers.set("Sec-WebSocket-Version", "13");
  if (!protocols.empty()) headers.set("Sec-WebSocket-Protocol", join(protocols, ", "));
  UpgradeRequest request;
  request.url = url;
  request.headers = std::move(headers);
  WebSocketResponse response;
  response.answer = TRY(request_upgrade(loop, options, request));
  if (!response.answer.stream) return response;
  const Headers& got = response.answer.headers;
  std::string protocol(got.get("Sec-WebSocket-Protocol"));
  bool offered = protocol.empty() ? true : std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
  if (!got.has_token("Upgrade", "websocket") || got.get("Sec-WebSocket-Accept") != ws_accept_key(key) || !offered) {
    response.answer.stream->start({});
    response.answer.stream->abort();
    return Error(Reason::kServiceUnavailable, "websocket: bad handshake");
  }
  response.socket = std::make_shared<WebSocket>(response.answer.stream, WsRole::kClient, protocol);
  return response;
}

}  // namespace skerry::http
