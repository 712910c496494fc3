#include "http/dial.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "http/parser.h"

namespace skerry::http {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr size_t kMaxProxyHead = 16 << 10;

Error unreachable(std::string message) { return Error(Reason::kServiceUnavailable, std::move(message)); }

// Ready, or the Error of a deadline that has passed.
Status wait_for(int fd, short events, Deadline deadline, const std::string& what) {
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return Error(Reason::kTimeout, what + ": i/o timeout");
    pollfd entry{fd, events, 0};
    int n = ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) return errno_error("poll", errno);
  }
}

Result<Transport> connect_address(const sockaddr* address, socklen_t size, Deadline deadline, const std::string& name) {
  int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_error("socket", errno);
  Transport transport(fd);
  int one = 1;
  if (address->sa_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  int idle_s = 30;
  if (address->sa_family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  int error = 0;
  if (::connect(fd, address, size) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      TRY(wait_for(fd, POLLOUT, deadline, "dial tcp " + name));
      socklen_t length = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error != 0) return unreachable("dial tcp " + name + ": connect: " + to_lower(std::strerror(error)));
  return transport;
}

Result<Transport> connect_unix(const std::string& path, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error(Reason::kBadRequest, "socket path too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return connect_address(reinterpret_cast<sockaddr*>(&address), sizeof address, deadline, path);
}

Result<Transport> connect_host(const std::string& host, uint16_t port, Deadline deadline) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) return unreachable("dial tcp: lookup " + host + ": " + gai_strerror(error));
  std::string shown = (host.find(':') != host.npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
  Result<Transport> result = unreachable("dial tcp " + shown + ": no address");
  for (addrinfo* at = found; at; at = at->ai_next) {
    result = connect_address(at->ai_addr, at->ai_addrlen, deadline, shown);
    if (result) break;
  }
  freeaddrinfo(found);
  return result;
}

Status write_all(Transport& transport, std::string_view bytes, Deadline deadline) {
  char scratch[16 << 10];
  while (!bytes.empty()) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    size_t n = 0;
    auto io = transport.write(&part, 1, scratch, n);
    if (io == Transport::Io::kDone) bytes.remove_prefix(n);
    else if (io == Transport::Io::kWantWrite) TRY(wait_for(transport.fd(), POLLOUT, deadline, "write"));
    else if (io == Transport::Io::kWantRead) TRY(wait_for(transport.fd(), POLLIN, deadline, "write"));
    else return unreachable("connection closed by the proxy");
  }
  return {};
}

// Exactly `size` bytes: what follows belongs to the connection inside.
Result<std::string> read_exactly(Transport& transport, size_t size, Deadline deadline) {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size;) {
    size_t n = 0;
    auto io = transport.read(bytes.data() + at, size - at, n);
    if (io == Transport::Io::kDone) at += n;
    else if (io == Transport::Io::kWantRead) TRY(wait_for(transport.fd(), POLLIN, deadline, "proxy"));
    else return unreachable("connection closed by the proxy");
  }
  return bytes;
}

Status http_connect(Transport& transport, const UrlParts& proxy, const UrlParts& url, Deadline deadline) {
  std::string host = url.host.find(':') != url.host.npos ? "[" + url.host + "]" : url.host;
  std::string to = host + ":" + std::to_string(url.port);
  std::string request = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n";
  if (!proxy.user_info.empty()) request += "Proxy-Authorization: Basic " + base64_encode(proxy.user_info) + "\r\n";
  TRY(write_all(transport, request + "\r\n", deadline));
  std::string head;
  while (!ends_with(head, "\r\n\r\n")) {
    if (head.size() >= kMaxProxyHead) return unreachable("proxy: the answer's head is too large");
    head += TRY(read_exactly(transport, 1, deadline));
  }
  auto answer = parse_response_head(head);
  if (!answer) return unreachable("proxy: malformed answer: " + answer.error().message);
  if (answer->status / 100 != 2) return unreachable("proxy: " + std::to_string(answer->status) + " " + answer->reason);
  return {};
}

// RFC 1928 and 1929; names are resolved by the proxy.
Status socks5_connect(Transport& transport, const UrlParts& proxy, const UrlParts& url, Deadline deadline) {
  size_t colon = proxy.user_info.find(':');
  std::string user = proxy.user_info.substr(0, colon);
  std::string password = colon == std::string::npos ? "" : proxy.user_info.substr(colon + 1);
  if (user.size() > 255 || password.size() > 255 || url.host.size() > 255) return unreachable("socks: name too long");
  TRY(write_all(transport, user.empty() ? std::string("\5\1\0", 3) : std::string("\5\2\0\2", 4), deadline));
  std::string method = TRY(read_exactly(transport, 2, deadline));
  if (method[0] != 5) return unreachable("socks: unexpected protocol version");
  if (method[1] == 2 && !user.empty()) {
    std::string login = std::string("\1") + static_cast<char>(user.size()) + user + static_cast<char>(password.size()) + password;
    TRY(write_all(transport, login, deadline));
    std::string verdict = TRY(read_exactly(transport, 2, deadline));
    if (verdict[1] != 0) return unreachable("socks: username/password authentication failed");
  } else if (method[1] != 0) {
    return unreachable("socks: no acceptable authentication methods");
  }
  std::string request("\5\1\0\3", 4);
  request += static_cast<char>(url.host.size());
  request += url.host;
  request += static_cast<char>(url.port >> 8);
  request += static_cast<char>(url.port & 0xff);
  TRY(write_all(transport, request, deadline));
  std::string answer = TRY(read_exactly(transport, 5, deadline));
  if (answer[1] != 0) return unreachable("socks: connection refused by the proxy, code " + std::to_string(answer[1]));
  size_t rest = answer[3] == 1 ? 4 : answer[3] == 4 ? 16 : static_cast<unsigned char>(answer[4]) + size_t{1};
  TRY(read_exactly(transport, rest - 1 + 2, deadline));
  return {};
}

Status shake_hands(Transport& transport, const ClientOptions& options, const UrlParts& url, Deadline deadline) {
  SslContext context = TRY(make_client_context(options.tls));
  TRY(transport.use_tls(context, false, options.tls.server_name.empty() ? url.host : options.tls.server_name));
  while (true) {
    auto io = transport.handshake();
    if (io == Transport::Io::kDone) return {};
    if (io == Transport::Io::kWantRead) TRY(wait_for(transport.fd(), POLLIN, deadline, "net/http: TLS handshake"));
    else if (io == Transport::Io::kWantWrite) TRY(wait_for(transport.fd(), POLLOUT, deadline, "net/http: TLS handshake"));
    else return unreachable("tls: " + transport.handshake_error());
  }
}

}  // namespace

std::string UrlParts::host_header() const {
  std::string text = host.find(':') != host.npos ? "[" + host + "]" : host;
  return port == (tls ? 443 : 80) ? text : text + ":" + std::to_string(port);
}

Result<UrlParts> parse_url(std::string_view url) {
  auto malformed = [&](const char* why) { return Error(Reason::kBadRequest, "malformed URL \"" + std::string(url) + "\": " + why); };
  for (unsigned char c : url) {
    if (c <= 0x20 || c == 0x7f) return malformed("space or control character");
  }
  UrlParts parts;
  std::string_view rest = url;
  size_t scheme = rest.find("://");
  if (scheme == rest.npos) return malformed("no scheme");
  std::string name = to_lower(rest.substr(0, scheme));
  if (name != "http" && name != "https" && name != "socks5" && name != "socks5h") return malformed("unknown scheme");
  parts.tls = name == "https";
  parts.port = name == "https" ? 443 : name == "http" ? 80 : 1080;
  rest.remove_prefix(scheme + 3);
  size_t end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, end);
  parts.target = end == rest.npos ? "/" : std::string(rest.substr(end, rest.find('#') - end));
  if (parts.target.empty() || parts.target[0] != '/') parts.target.insert(0, "/");
  if (size_t at = authority.rfind('@'); at != authority.npos) {
    auto decoded = url_decode(authority.substr(0, at));
    if (!decoded) return malformed("wrong user information");
    parts.user_info = *decoded;
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (!authority.empty() && authority[0] == '[') {
    size_t close = authority.find(']');
    if (close == authority.npos) return malformed("missing ]");
    parts.host = std::string(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority[0] != ':') return malformed("wrong host");
    if (!authority.empty()) port = authority.substr(1);
  } else {
    size_t colon = authority.find(':');
    parts.host = std::string(authority.substr(0, colon));
    if (colon != authority.npos) port = authority.substr(colon + 1);
  }
  if (parts.host.empty()) return malformed("no host");
  if (!port.empty()) {
    auto number = parse_int(port);
    if (!number || *number < 1 || *number > 65535) return malformed("wrong port");
    parts.port = static_cast<uint16_t>(*number);
  }
  return parts;
}

Result<Transport> dial(const ClientOptions& options, const UrlParts& url, std::chrono::milliseconds timeout) {
  Deadline deadline = std::chrono::steady_clock::now() + timeout;
  Transport transport;
  if (!options.unix_path.empty()) {
    transport = TRY(connect_unix(options.unix_path, deadline));
  } else if (!options.proxy.empty()) {
    bool bare = options.proxy.find("://") == std::string::npos;
    UrlParts proxy = TRY(parse_url(bare ? "http://" + options.proxy : options.proxy));
    if (proxy.tls) return Error(Reason::kServiceUnavailable, "proxy: unsupported scheme: https");
    transport = TRY(connect_host(proxy.host, proxy.port, deadline));
    if (starts_with(options.proxy, "socks5")) TRY(socks5_connect(transport, proxy, url, deadline));
    else TRY(http_connect(transport, proxy, url, deadline));
  } else {
    transport = TRY(connect_host(url.host, url.port, deadline));
  }
  if (url.tls) TRY(shake_hands(transport, options, url, deadline));
  return transport;
}

}  // namespace skerry::http
