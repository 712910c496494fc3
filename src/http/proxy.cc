#include "http/proxy.h"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <memory>

#include "base/strings.h"
#include "http/gzip.h"
#include "http/html_links.h"
#include "http/parser.h"
#include "http/response_writer.h"
#include "http/socket_stream.h"

namespace skerry::http {
namespace {

constexpr size_t kMaxPending = 4 << 20;
constexpr size_t kPauseAt = 1 << 20;
constexpr size_t kMaxHead = 64 << 10;
constexpr size_t kMaxPage = 2 << 20;  // larger pages pass as they are

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> resolve(const Upstream& upstream) {
  Address address;
  if (!upstream.unix_path.empty()) {
    auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
    un.sun_family = AF_UNIX;
    if (upstream.unix_path.size() >= sizeof un.sun_path) return internal_error("socket path too long: " + upstream.unix_path);
    std::memcpy(un.sun_path, upstream.unix_path.data(), upstream.unix_path.size());
    address.size = sizeof un;
    return address;
  }
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  std::string host = upstream.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  int error = getaddrinfo(host.c_str(), std::to_string(upstream.port).c_str(), &hints, &found);
  if (error != 0) return Error(Reason::kServiceUnavailable, "cannot resolve " + host + ": " + gai_strerror(error));
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

bool hop_by_hop(std::string_view name) {
  for (std::string_view hop : {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
                               "Content-Length", "Host", "Expect"}) {
    if (equal_ignoring_case(name, hop)) return true;
  }
  return false;
}

std::string upstream_head(const Request& request, const Upstream& upstream, const ProxyOptions& options) {
  bool bare6 = upstream.host.find(':') != std::string::npos && upstream.host[0] != '[';
  std::string host = bare6 ? "[" + upstream.host + "]" : upstream.host;
  std::string host_header = !options.host_header.empty() ? options.host_header : host + ":" + std::to_string(upstream.port);
  std::string head = (options.method.empty() ? request.method : options.method) + " " + options.target + " HTTP/1.1\r\n";
  auto line = [&](std::string_view name, std::string_view value) { (((head += name) += ": ") += value) += "\r\n"; };
  line("Host", host_header);
  auto named = request.headers.tokens("Connection");
  for (const auto& [name, value] : request.headers) {
    bool skip = hop_by_hop(name) || options.set_headers.has(name);
    for (const std::string& removed : options.remove_headers) skip = skip || equal_ignoring_case(name, removed);
    for (std::string_view token : named) skip = skip || equal_ignoring_case(name, token);
    if (!skip) line(name, value);
  }
  for (const auto& [name, value] : options.set_headers) line(name, value);
  if (request.is_upgrade()) {
    line("Connection", "Upgrade");
    for (std::string_view value : request.headers.all("Upgrade")) line("Upgrade", value);
  } else {
    line("Connection", "close");
  }
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD" && !request.is_upgrade())) {
    line("Content-Length", std::to_string(request.body.size()));
  }
  return head + "\r\n";
}

// One proxied exchange, on the loop.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::shared_ptr<ByteStream> down, std::shared_ptr<SocketStream> up, const Request& request, std::string name, ProxyOptions options)
      : down_(std::move(down)), up_(std::move(up)), upgrade_(request.is_upgrade()), head_only_(request.method == "HEAD"), name_(std::move(name)), options_(std::move(options)) {}

  void start() {
    auto self = shared_from_this();
    up_->start({.on_data = [self](std::string_view bytes) { self->from_up(bytes); },
                .on_drain = [self] { self->resume(self->down_, self->down_paused_); },
                .on_close = [self] { self->up_closed(); }});
    down_->start({.on_data = [self](std::string_view bytes) { self->from_down(bytes); },
                  .on_drain = [self] { self->resume(self->up_, self->up_paused_); },
                  .on_close = [self] { self->up_->abort(); }});
  }

 private:
  void from_up(std::string_view bytes) {
    if (page_) return take_page(bytes);
    if (passing_) return pass(down_, up_, up_paused_, bytes);
    head_ += bytes;
    while (!passing_) {
      size_t end = head_.find("\r\n\r\n");
      if (end == head_.npos) {
        if (head_.size() > kMaxHead) fail("the upstream's response head is too large");
        return;
      }
      auto head = parse_response_head(std::string_view(head_).substr(0, end + 4));
      if (!head) return fail("malformed response: " + head.error().message);
      std::string rest = head_.substr(end + 4);
      if (head->status < 200 && head->status != 101) {  // 100 Continue: ours to swallow
        head_ = std::move(rest);
        continue;
      }
      passing_ = true;
      std::string().swap(head_);
      if (is_page(*head)) {
        page_ = std::make_unique<Page>();
        page_->head = std::move(*head);
        return take_page(rest);
      }
      pass(down_, up_, up_paused_, rewritten(*head) + rest);
    }
  }

  // A page whose links lead elsewhere unless they are mapped. It is held back until it is whole.
  bool is_page(const ResponseHead& head) const {
    std::string_view type = head.headers.get("Content-Type");
    const std::string_view encoding = head.headers.get("Content-Encoding");
    return options_.map_location && !head_only_ && head.status != 101 && head.status != 204 && head.status != 304 &&
           equal_ignoring_case(trim(type.substr(0, type.find(';'))), "text/html") && (encoding.empty() || encoding == "gzip");
  }

  void take_page(std::string_view bytes) {
    Page& p = *page_;
    const size_t before = p.body.size();
    const std::string_view length = p.head.headers.get("Content-Length");
    bool whole = false;
    if (p.head.headers.has("Transfer-Encoding")) {
      auto taken = p.chunks.feed(bytes, p.body, before + bytes.size());
      if (!taken) return down_->abort();
      whole = p.chunks.done();
    } else {
      p.body += bytes;
      whole = !length.empty() && p.body.size() >= static_cast<uint64_t>(parse_int(length).value_or(0));
    }
    if (p.too_large) {
      pass(down_, up_, up_paused_, p.body);
      p.body.clear();
    } else if (p.body.size() > kMaxPage && !whole) {  // passes as it is
      p.too_large = true;
      pass(down_, up_, up_paused_, page_head(p.head, "") + std::exchange(p.body, {}));
    }
    if (whole) end_page();
  }

  void end_page() {
    const auto p = std::move(page_);
    if (!p->too_large) {
      const bool packed = p->head.headers.has("Content-Encoding");
      if (auto plain = packed ? gunzip(p->body, kMaxPage) : Result<std::string>(p->body)) {
        p->body = rewrite_links(*plain, options_.map_location);
        if (packed) p->head.headers.remove("Content-Encoding");
      }
      down_->write(page_head(p->head, std::to_string(p->body.size())) + p->body);
    }
    down_->close();
    up_->abort();
  }

  // `length` empty: until the connection ends.
  std::string page_head(ResponseHead head, const std::string& length) {
    head.headers.remove("Transfer-Encoding");
    head.headers.remove("Content-Length");
    if (!length.empty()) head.headers.set("Content-Length", length);
    return rewritten(head);
  }

  std::string rewritten(const ResponseHead& head) {
    Headers headers;
    for (const auto& [name, value] : head.headers) {
      bool hop = equal_ignoring_case(name, "Connection") || equal_ignoring_case(name, "Keep-Alive");
      if (hop && head.status != 101) continue;
      bool location = options_.map_location && equal_ignoring_case(name, "Location");
      headers.add(name, location ? options_.map_location(value) : value);
    }
    if (head.status != 101) headers.set("Connection", "close");
    std::string text = "HTTP/1.1 " + std::to_string(head.status) + " " + head.reason + "\r\n";
    for (const auto& [name, value] : headers) (((text += name) += ": ") += value) += "\r\n";
    return text + "\r\n";
  }

  void from_down(std::string_view bytes) {
    if (upgrade_) pass(up_, down_, down_paused_, bytes);  // otherwise a pipelined request, which this answer ends
  }

  static void pass(const std::shared_ptr<ByteStream>& to, const std::shared_ptr<ByteStream>& from, bool& paused, std::string_view bytes) {
    if (!to->write(std::string(bytes))) return from->abort();
    if (!paused && to->pending() > kPauseAt) {
      paused = true;
      from->pause();
    }
  }

  static void resume(const std::shared_ptr<ByteStream>& from, bool& paused) {
    if (!std::exchange(paused, false)) return;
    from->resume();
  }

  void up_closed() {
    if (!passing_) fail(up_->error().empty() ? "the connection was closed before a response came" : up_->error());
    if (page_) return end_page();
    down_->close();
  }

  void fail(std::string why) {
    if (std::exchange(passing_, true)) return;
    const bool dialled = !why.starts_with("connect: ") && why != "i/o timeout";
    Error error(Reason::kServiceUnavailable, "error trying to reach service: " + (dialled ? name_ : "dial tcp " + name_) + ": " + why);
    std::string type = "text/plain; charset=utf-8", body = error.message + "\n";
    if (options_.error_body) std::tie(type, body) = options_.error_body(error);
    down_->write(response_head(error.http_code(), Headers{{"Content-Type", type}, {"Content-Length", std::to_string(body.size())}, {"Connection", "close"}}) + body);
    down_->close();
    up_->abort();
  }

  const std::shared_ptr<ByteStream> down_;
  const std::shared_ptr<SocketStream> up_;
  const bool upgrade_, head_only_;
  const std::string name_;
  const ProxyOptions options_;
  bool passing_ = false;  // the response's head is through
  bool up_paused_ = false, down_paused_ = false;
  std::string head_;
  struct Page {
    ResponseHead head;
    ChunkDecoder chunks;
    std::string body;
    bool too_large = false;  // its beginning has been passed on
  };
  std::unique_ptr<Page> page_;
};

void answer_error(ResponseWriter& writer, const ProxyOptions& options, const Error& error) {
  std::string type = "text/plain; charset=utf-8", body = error.message + "\n";
  if (options.error_body) std::tie(type, body) = options.error_body(error);
  writer.send(error.http_code(), type, std::move(body));
}

}  // namespace

void proxy(const Request& request, ResponseWriter& writer, const Upstream& upstream, ProxyOptions options) {
  auto address = resolve(upstream);
  if (!address) return answer_error(writer, options, address.error());
  SslContext tls;
  std::string server_name;
  if (upstream.tls) {
    auto context = make_client_context(*upstream.tls);
    if (!context) return answer_error(writer, options, context.error());
    tls = *context;
    if (!upstream.tls->insecure) server_name = upstream.tls->server_name.empty() ? upstream.host : upstream.tls->server_name;
  }
  auto up = SocketStream::connect(writer.loop(), address->storage, address->size, tls, server_name, upstream.connect_timeout,
                                  kMaxPending + request.body.size());
  static_cast<ByteStream&>(*up).write(upstream_head(request, upstream, options) + request.body);
  std::string name = upstream.unix_path.empty() ? upstream.host + ":" + std::to_string(upstream.port) : upstream.unix_path;
  auto down = writer.hijack(kMaxPending);
  std::make_shared<Exchange>(down, up, request, name, std::move(options))->start();
}

void splice(std::shared_ptr<ByteStream> a, std::shared_ptr<ByteStream> b) {
  auto pump = [](std::shared_ptr<ByteStream> from, std::shared_ptr<ByteStream> to, std::shared_ptr<bool> paused_from,
                 std::shared_ptr<bool> paused_to) {
    from->start({.on_data =
                     [from, to, paused_from](std::string_view bytes) {
                       if (!to->write(std::string(bytes))) return from->abort();
                       if (!*paused_from && to->pending() > kPauseAt) {
                         *paused_from = true;
                         from->pause();
                       }
                     },
                 .on_drain =
                     [to, paused_to] {
                       if (std::exchange(*paused_to, false)) to->resume();
                     },
                 .on_close = [to] { to->close(); }});
  };
  auto paused_a = std::make_shared<bool>(false), paused_b = std::make_shared<bool>(false);
  pump(a, b, paused_a, paused_b);
  pump(b, a, paused_b, paused_a);
}

}  // namespace skerry::http
