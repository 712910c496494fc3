#include "http/upgrade.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/dial.h"
#include "http/server.h"
#include "http/spdy.h"
#include "http/test_certificates.h"

using namespace skerry;
using namespace skerry::http;

namespace {

struct Loop {
  std::shared_ptr<EventLoop> loop = std::make_shared<EventLoop>();
  Loop() { REQUIRE(loop->start()); }
  ~Loop() { loop->stop(); }
};

// Collects on the loop, waits on the test's thread.
struct Log {
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
  void add(std::string_view more) {
    std::lock_guard l(mutex);
    text += more;
    changed.notify_all();
  }
  bool await(std::string_view what) {
    std::unique_lock l(mutex);
    return changed.wait_for(l, std::chrono::seconds(60), [&] { return text.find(what) != text.npos; });
  }
};

void echo_socket(const Request& request, ResponseWriter& writer) {
  if (request.path == "/refused") return writer.send(403, "application/json", std::string("{\"message\":\"no\"}"));
  auto accepted = WebSocket::accept(request, writer, {"b", "a"});
  if (!accepted) return writer.send(400, "text/plain", accepted.error().message);
  auto socket = *accepted;
  socket->start({.on_message = [socket](WsOpcode opcode, std::string_view payload) {
    if (payload == "bye") return socket->close(1008, "as you wish");
    socket->send(opcode, payload);
  }, .on_pong = nullptr, .on_close_frame = nullptr, .on_drain = nullptr, .on_close = nullptr});
}

}  // namespace

TEST_CASE("upgrade: what was written arrives, however soon the stream is closed") {
  Server server({}, [](const Request&, ResponseWriter& writer) {
    writer.headers().set("Upgrade", "x");
    auto stream = writer.upgrade();
    stream->write(std::string("last words"));
    stream->close();
  });
  REQUIRE(server.start());
  for (int i = 0; i < 300; ++i) {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    std::string all;
    char buffer[1024];
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) all.append(buffer, static_cast<size_t>(n));
    ::close(fd);
    REQUIRE(all.starts_with("HTTP/1.1 101 "));
    REQUIRE(all.ends_with("last words"));
  }
}

TEST_CASE("dial: URLs") {
  struct Case { const char* url; bool tls; const char* host; int port; const char* target; const char* header; };
  for (const Case& c : {Case{"https://a.b", true, "a.b", 443, "/", "a.b"}, {"http://a:8080/x?y=1#z", false, "a", 8080, "/x?y=1", "a:8080"},
                        {"https://[::1]:6443/p", true, "::1", 6443, "/p", "[::1]:6443"}, {"https://u:p%40@h?q", true, "h", 443, "/?q", "h"}}) {
    auto url = parse_url(c.url);
    REQUIRE_MESSAGE(url, c.url);
    CHECK(url->tls == c.tls);
    CHECK(url->host == c.host);
    CHECK(url->port == c.port);
    CHECK(url->target == c.target);
    CHECK(url->host_header() == c.header);
  }
  CHECK(parse_url("https://u:p%40@h")->user_info == "u:p@");
  for (const char* bad : {"", "x", "ftp://a", "http://", "http://a:0", "http://a:99999", "http://a:b", "http://[::1", "http://[::1]x", "http://a/ b", "http://a/\r\n"}) {
    CHECK_MESSAGE(!parse_url(bad), bad);
  }
}

TEST_CASE("websocket client: echo over TLS with a client certificate, refusals, close reasons") {
  TestCertificate ca = make_test_ca("ca"), server_cert = make_test_certificate(ca, "server"), client_cert = make_test_certificate(ca, "alice");
  ServerOptions options;
  options.tls = ServerTls{server_cert.cert_pem, server_cert.key_pem, ca.cert_pem};
  std::string seen;
  Server server(options, [&](const Request& q, ResponseWriter& w) {
    seen = (q.peer && q.peer->verified ? q.peer->common_name : "nobody") + " " + std::string(q.headers.get("Authorization"));
    echo_socket(q, w);
  });
  REQUIRE(server.start());
  Loop loop;
  ClientOptions client;
  client.tls = {.ca_pem = ca.cert_pem, .cert_pem = client_cert.cert_pem, .key_pem = client_cert.key_pem};
  client.bearer_token = "tok";
  std::string base = "https://127.0.0.1:" + std::to_string(server.port());

  auto response = connect_websocket(loop.loop, client, base + "/x?y", {"a", "c"});
  REQUIRE(response);
  REQUIRE(response->socket);
  CHECK(seen == "alice Bearer tok");
  CHECK(response->socket->protocol() == "a");
  Log log;
  auto socket = response->socket;
  socket->start({.on_message = [&](WsOpcode, std::string_view text) { log.add(text.size() > 10 ? std::to_string(text.size()) : std::string(text)); },
                 .on_pong = [&] { log.add("<pong>"); },
                 .on_close_frame = [&](uint16_t code, std::string_view why) { log.add("<" + std::to_string(code) + " " + std::string(why) + ">"); },
                 .on_drain = nullptr,
                 .on_close = [&] { log.add("<closed>"); }});
  socket->send(WsOpcode::kText, "hi");
  CHECK(log.await("hi"));
  socket->send(WsOpcode::kBinary, std::string(300000, 'x'));
  CHECK(log.await("300000"));
  socket->send(WsOpcode::kPing, "");
  CHECK(log.await("<pong>"));
  socket->send(WsOpcode::kText, "bye");
  CHECK(log.await("<1008 as you wish>"));
  CHECK(log.await("<closed>"));

  auto refused = connect_websocket(loop.loop, client, base + "/refused", {"a"});
  REQUIRE(refused);
  CHECK(!refused->socket);
  CHECK(refused->answer.status == 403);
  CHECK(refused->answer.body == "{\"message\":\"no\"}");
  auto unknown = connect_websocket(loop.loop, client, base + "/", {"z"});
  REQUIRE(unknown);
  CHECK(unknown->answer.status == 400);

  ClientOptions wrong_name = client, insecure = client;
  wrong_name.tls.server_name = "elsewhere.example";
  CHECK(!connect_websocket(loop.loop, wrong_name, base + "/", {"a"}));
  insecure.tls = {.insecure = true};
  CHECK(connect_websocket(loop.loop, insecure, base + "/", {"a"})->socket != nullptr);
}

TEST_CASE("dial: through CONNECT and SOCKS proxies, and ones that refuse") {
  // A proxy of a few lines: takes exactly the bytes expected, answers with what stands beside them, for one connection.
  auto through = [](const std::string& scheme, const std::string& user, std::vector<std::pair<std::string, std::string>> talk) {
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    std::string got;
    std::thread proxy([&] {
      int fd = ::accept(listener, nullptr, nullptr);
      for (auto& [expects, answers] : talk) {
        std::string text(expects.size(), 0);
        if (::recv(fd, text.data(), text.size(), MSG_WAITALL) != static_cast<ssize_t>(text.size())) break;
        got += text == expects ? "ok " : text;
        (void)::send(fd, answers.data(), answers.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
    });
    ClientOptions client;
    client.proxy = scheme + user + "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    auto connected = dial(client, *parse_url("http://inside.example:81/"), std::chrono::seconds(60));
    if (connected) got += "connected";
    else got += connected.error().message;
    proxy.join();
    ::close(listener);
    return got;
  };
  std::string head = "CONNECT inside.example:81 HTTP/1.1\r\nHost: inside.example:81\r\n";
  CHECK(through("http://", "u:p@", {{head + "Proxy-Authorization: Basic dTpw\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}}) == "ok connected");
  CHECK(through("http://", "", {{head + "\r\n", "HTTP/1.1 407 Who\r\n\r\n"}}) == "ok proxy: 407 Who");
  CHECK(through("http://", "", {{head + "\r\n", "nonsense\r\n\r\n"}}).find("proxy: malformed answer") != std::string::npos);
  std::string connect = std::string("\5\1\0\3", 4) + "\16inside.example" + std::string("\0\121", 2);
  CHECK(through("socks5://", "", {{std::string("\5\1\0", 3), std::string("\5\0", 2)}, {connect, std::string("\5\0\0\1\1\2\3\4\0\1", 10)}}) == "ok ok connected");
  CHECK(through("socks5://", "u:p@", {{std::string("\5\2\0\2", 4), "\5\2"}, {"\1\1u\1p", std::string("\1\0", 2)}, {connect, std::string("\5\0\0\1\1\2\3\4\0\1", 10)}}) == "ok ok ok connected");
  CHECK(through("socks5://", "", {{std::string("\5\1\0", 3), std::string("\5\0", 2)}, {connect, std::string("\5\5\0\1\0", 5)}}).find("code 5") != std::string::npos);
  ClientOptions tls_proxy;
  tls_proxy.proxy = "https://127.0.0.1:1";
  CHECK(!dial(tls_proxy, *parse_url("http://inside.example:81/"), std::chrono::seconds(1)));
}

TEST_CASE("spdy client: streams both ways, headers, half-close, reset by the server") {
  Server server({}, [](const Request& q, ResponseWriter& w) {
    w.headers().set("Upgrade", std::string(q.headers.get("Upgrade")));
    auto connection = std::make_shared<SpdyConnection>(w.upgrade());
    connection->start({.on_stream = [](std::shared_ptr<SpdyStream> stream) {
      if (stream->headers().get("kind") == "refuse") return false;
      std::weak_ptr<SpdyStream> weak = stream;
      stream->on_data = [stream](std::string_view bytes) { stream->write(std::string(stream->headers().get("kind")) + ":" + std::string(bytes)); };
      stream->on_end = [stream] { stream->end(); };
      return true;
    }, .on_drain = nullptr, .on_close = nullptr});
  });
  REQUIRE(server.start());
  Loop loop;
  UpgradeRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  request.headers = {{"Upgrade", "SPDY/3.1"}, {"Connection", "Upgrade"}};
  auto response = request_upgrade(loop.loop, {}, request);
  REQUIRE(response);
  REQUIRE(response->stream);
  auto connection = std::make_shared<SpdyConnection>(response->stream, SpdyRole::kClient);
  Log log;
  connection->start({.on_stream = nullptr, .on_drain = nullptr, .on_close = [&] { log.add("<closed>"); }});
  loop.loop->post([&] {
    for (const char* kind : {"one", "two", "refuse"}) {
      std::string name = kind;
      auto stream = connection->open({{"Kind", name}}, [&, name](std::string_view bytes) { log.add("[" + std::string(bytes) + "]"); },
                                     [&, name] { log.add("<end " + name + ">"); });
      stream->write("hello");
      connection->ping();
      stream->end();
    }
  });
  CHECK(log.await("[one:hello]"));
  CHECK(log.await("[two:hello]"));
  CHECK(log.await("<end one>"));
  CHECK(log.await("<end two>"));
  CHECK(log.await("<end refuse>"));
  connection->close();
  CHECK(log.await("<closed>"));
}
