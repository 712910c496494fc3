#include "http/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>

#include "http/client.h"
#include "http/gzip.h"
#include "http/proxy.h"
#include "http/test_certificates.h"

using namespace skerry;
using namespace skerry::http;

namespace {

struct Pki {
  TestCertificate ca = make_test_ca("test-ca");
  TestCertificate server = make_test_certificate(ca, "server");
  TestCertificate client = make_test_certificate(ca, "alice", {"devs", "ops"});
  ServerTls server_tls() const { return {server.cert_pem, server.key_pem, ca.cert_pem}; }
  ClientTls client_tls(bool with_cert) const {
    ClientTls tls;
    tls.ca_pem = ca.cert_pem;
    if (with_cert) tls.cert_pem = client.cert_pem, tls.key_pem = client.key_pem;
    return tls;
  }
};

int connect_to(uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval timeout{60, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  return text;
}

// Sends bytes, ends our side, returns all that comes back.
std::string raw(uint16_t port, std::string_view bytes) {
  int fd = connect_to(port);
  REQUIRE(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  ::shutdown(fd, SHUT_WR);
  std::string answer = read_all(fd);
  ::close(fd);
  return answer;
}

int count(std::string_view text, std::string_view what) {
  int n = 0;
  for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) n++;
  return n;
}

void echo(const Request& request, ResponseWriter& writer) {
  writer.send(200, "text/plain", request.method + " " + request.path + " " + request.body);
}

}  // namespace

TEST_CASE("server: requests, keep-alive, pipelining and refusals in plain HTTP") {
  ServerOptions options;
  options.max_body_bytes = 100;
  options.max_head_bytes = 2000;
  Server server(options, echo);
  REQUIRE(server.start());
  uint16_t port = server.port();

  std::string two = raw(port, "GET /a%20b HTTP/1.1\r\nHost: x\r\n\r\nPOST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyzGET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(count(two, "HTTP/1.1 200 OK") == 3);
  CHECK(two.find("GET /a b ") != two.npos);
  CHECK(two.find("POST /c xyz") != two.npos);

  std::string chunked = raw(port, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n");
  CHECK(chunked.find("POST / abcde") != chunked.npos);

  struct Case { std::string request; std::string status; };
  for (const Case& c : {
           Case{"nonsense\r\n\r\n", " 400 "},
           {"GET / HTTP/1.1\r\n\r\n", " 400 "},
           {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", " 505 "},
           {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", " 400 "},
           {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", " 400 "},
           {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", " 400 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", " 400 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", " 400 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", " 400 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", " 413 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", " 413 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", " 400 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", " 501 "},
           {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(3000, 'a') + "\r\n\r\n", " 431 "},
       }) {
    std::string answer = raw(port, c.request);
    CAPTURE(c.request);
    CHECK(answer.substr(8, 5) == c.status);
  }
}

TEST_CASE("server: slow clients are told so or cut") {
  // Two servers: on a busy machine what is to be half a request could come after the time for idling.
  ServerOptions options, idling;
  options.head_timeout = options.body_timeout = std::chrono::seconds(1);
  idling.idle_timeout = std::chrono::seconds(1);
  Server server(options, echo), impatient(idling, echo);
  REQUIRE(server.start());
  REQUIRE(impatient.start());
  int idle = connect_to(impatient.port()), head = connect_to(server.port()), body = connect_to(server.port());
  std::string_view half = "GET / HTT", some = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab";
  REQUIRE(::send(head, half.data(), half.size(), 0) > 0);
  REQUIRE(::send(body, some.data(), some.size(), 0) > 0);
  CHECK(read_all(idle) == "");
  CHECK(read_all(head).find(" 408 ") != std::string::npos);
  CHECK(read_all(body).find(" 408 ") != std::string::npos);
  for (int fd : {idle, head, body}) ::close(fd);
}

TEST_CASE("server: TLS shows the client's certificate, a wrong one as unverified; reload takes effect") {
  Pki pki, other;
  ServerOptions options;
  options.tls = pki.server_tls();
  Server server(options, [](const Request& request, ResponseWriter& writer) {
    std::string text = "none";
    if (request.peer) {
      text = request.peer->verified ? request.peer->common_name : "unverified";
      for (const auto& organization : request.peer->organizations) text += "," + organization;
    }
    writer.send(200, "text/plain", text);
  });
  REQUIRE(server.start());
  ClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  auto body = [&](ClientTls tls) {
    Client client({.tls = std::move(tls)});
    auto response = client.send(request);
    return response ? response->body : "error " + response.error().message;
  };
  CHECK(body(pki.client_tls(false)) == "none");
  CHECK(body(pki.client_tls(true)) == "alice,devs,ops");
  ClientTls wrong = pki.client_tls(false);
  wrong.cert_pem = other.client.cert_pem, wrong.key_pem = other.client.key_pem;
  CHECK(body(wrong) == "unverified,devs,ops");
  CHECK(body(other.client_tls(false)).starts_with("error "));
  ClientTls insecure;
  insecure.insecure = true;
  CHECK(body(insecure) == "none");
  ClientTls named = pki.client_tls(true);
  named.server_name = "localhost";
  CHECK(body(named) == "alice,devs,ops");
  named.server_name = "elsewhere.example";  // the certificate is not for that name
  CHECK(body(named).starts_with("error "));
  REQUIRE(server.reload_tls(other.server_tls()));
  CHECK(body(other.client_tls(true)) == "alice,devs,ops");
}

TEST_CASE("client: another server name is verified and the Host header stays the address") {
  Pki pki;
  ServerOptions options;
  options.tls = pki.server_tls();
  Server server(options, [](const Request& request, ResponseWriter& writer) {
    writer.send(200, "text/plain", std::string(request.headers.get("Host")));
  });
  REQUIRE(server.start());
  const std::string port = std::to_string(server.port());
  // Our certificates are for localhost and 127.0.0.1; ::ffff:127.0.0.1 reaches the same server and is in none.
  ClientRequest request;
  request.url = "https://[::ffff:127.0.0.1]:" + port + "/x?y";
  ClientTls tls = pki.client_tls(false);
  CHECK_FALSE(Client({.tls = tls}).send(request));
  tls.server_name = "localhost";
  auto response = Client({.tls = tls}).send(request);
  REQUIRE_MESSAGE(response, (response ? "" : response.error().message));
  CHECK(response->body == "[::ffff:127.0.0.1]:" + port);
}

TEST_CASE("server: streams without a thread, drain, close, slow readers; connections stay usable") {
  Pki pki;
  ServerOptions options;
  options.tls = pki.server_tls();
  options.max_threads = 2;
  std::mutex mutex;
  std::vector<std::shared_ptr<ResponseStream>> streams;
  std::atomic<int> closed{0};
  Server server(options, [&](const Request& request, ResponseWriter& writer) {
    if (request.path != "/watch") return echo(request, writer);
    auto stream = writer.stream(200, "application/json", 1 << 20);
    stream->on_close([&] { closed++; });
    std::lock_guard l(mutex);
    streams.push_back(std::move(stream));
  });
  REQUIRE(server.start());
  std::string base = "https://127.0.0.1:" + std::to_string(server.port());
  constexpr int kWatches = 20;
  {
    StreamClient watches({.tls = pki.client_tls(true)});
    std::atomic<int> heads{0};
    std::atomic<size_t> bytes{0};
    std::atomic<int> ends{0};
    std::vector<std::unique_ptr<StreamClient::Handle>> handles;
    for (int i = 0; i < kWatches; i++) {
      ClientRequest request;
      request.url = base + "/watch";
      request.timeout = milliseconds(0);
      handles.push_back(watches.start(request, {.on_head = [&](const ClientResponse& r) { heads += r.status == 200; },
                                                .on_chunk = [&](std::string_view chunk) { bytes += chunk.size(); },
                                                .on_end = [&](Result<ClientResponse> r) { ends += r.has_value(); }}));
    }
    auto all = [&] {
      std::lock_guard l(mutex);
      return streams.size() == kWatches;
    };
    while (!all()) std::this_thread::yield();
    Client client({.tls = pki.client_tls(true)});
    ClientRequest post;
    post.method = "POST";
    post.url = base + "/x";
    post.body = make_bytes(std::string(300000, 'p'));
    auto response = client.send(post);
    REQUIRE(response);
    CHECK(response->body.size() == 300000 + 8);
    Bytes event = make_bytes(std::string(1000, 'e'));
    for (auto& stream : streams) {
      Bytes parts[] = {event, event};
      CHECK(stream->write(parts));
    }
    while (bytes < 2000 * kWatches) std::this_thread::yield();
    handles[0]->cancel();
    while (closed < 1) std::this_thread::yield();
    for (auto& stream : streams) stream->finish();
    while (ends < kWatches - 1) std::this_thread::yield();
    CHECK(heads == kWatches);
    while (closed < kWatches) std::this_thread::yield();  // the client may know before the server's loop has told
    CHECK(closed == kWatches);
    CHECK(!streams[1]->write(std::string("late")));
  }
}

TEST_CASE("server: a reader that takes nothing is cut off when the bound is reached") {
  std::promise<size_t> written;
  std::promise<void> closed;
  Server server({}, [&](const Request&, ResponseWriter& writer) {
    auto stream = writer.stream(200, "text/plain", 1 << 20);
    stream->on_close([&] { closed.set_value(); });
    Bytes block = make_bytes(std::string(100000, 'b'));
    size_t n = 0;
    while (stream->write(block)) n++;
    written.set_value(n);
  });
  REQUIRE(server.start());
  int fd = connect_to(server.port());
  std::string_view ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(::send(fd, ask.data(), ask.size(), 0) > 0);
  CHECK(written.get_future().get() >= 10);
  closed.get_future().wait();
  ::close(fd);
}

TEST_CASE("server: large bodies are compressed for those who accept it, whole otherwise") {
  Server server({}, [](const Request&, ResponseWriter& writer) {
    std::vector<Bytes> parts(300, make_bytes(std::string(1000, 'z')));
    writer.send(200, "application/json", parts);
  });
  REQUIRE(server.start());
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  auto packed = Client().send(request);
  REQUIRE(packed);
  CHECK(packed->body.size() == 300000);
  CHECK(packed->headers.get("Content-Encoding") == "gzip");
  std::string plain = raw(server.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(plain.size() > 300000);
}

TEST_CASE("proxy: links of pages are mapped, whatever way the page is sent; other bodies and large pages pass as they are") {
  const std::string page = R"(<a href="/x">/x</a>)";
  Server upstream({}, [&](const Request& request, ResponseWriter& writer) {
    if (request.path == "/text") return writer.send(200, "text/plain", page);
    if (request.path == "/large") return writer.send(200, "text/html", page + std::string(3 << 20, 'z'));
    if (request.path == "/gzip") {
      writer.headers().set("Content-Encoding", "gzip");
      return writer.send(200, "text/html", gzip(std::vector<Bytes>{make_bytes(page)}));
    }
    if (request.path == "/chunks") {
      auto stream = writer.stream(200, "text/html");
      stream->write({make_bytes(page.substr(0, 7))});
      stream->write({make_bytes(page.substr(7))});
      return stream->finish();
    }
    writer.send(200, "text/html; charset=utf-8", page);
  });
  REQUIRE(upstream.start());
  Server front({}, [&](const Request& request, ResponseWriter& writer) {
    proxy(request, writer, {.host = "127.0.0.1", .port = upstream.port()},
          {.target = request.target, .map_location = [](std::string_view link) { return "/front" + std::string(link); }});
  });
  REQUIRE(front.start());
  const std::string mapped = R"(<a href="/front/x">/x</a>)";
  const struct { const char* path; std::string body; } rows[] = {
      {"/", mapped}, {"/chunks", mapped}, {"/gzip", mapped}, {"/text", page}, {"/large", page + std::string(3 << 20, 'z')}};
  for (auto& r : rows) {
    CAPTURE(r.path);
    ClientRequest request;
    request.url = "http://127.0.0.1:" + std::to_string(front.port()) + r.path;
    auto answer = Client().send(request);
    REQUIRE(answer);
    CHECK(answer->body == r.body);
    request.method = "HEAD";
    CHECK(Client().send(request));
  }
}

TEST_CASE("server: upgrade hands the connection over, through a proxy as well") {
  Pki pki;
  ServerOptions options;
  options.tls = pki.server_tls();
  Server upstream(options, [](const Request& request, ResponseWriter& writer) {
    if (!request.is_upgrade()) return writer.send(200, "text/plain", "proxied " + request.target + " " + request.body);
    writer.headers().set("Upgrade", "echo");
    auto stream = writer.upgrade();
    stream->start({.on_data = [stream](std::string_view bytes) { stream->write("<" + std::string(bytes) + ">"); },
                   .on_drain = nullptr,
                   .on_close = nullptr});
  });
  REQUIRE(upstream.start());
  Server front({}, [&](const Request& request, ResponseWriter& writer) {
    Upstream to{.host = "127.0.0.1", .port = request.path == "/dead" ? uint16_t{1} : upstream.port(), .tls = pki.client_tls(true)};
    proxy(request, writer, to, {.target = "/up" + request.target});
  });
  REQUIRE(front.start());
  ClientRequest request;
  request.method = "POST";
  request.body = make_bytes("hi");
  request.url = "http://127.0.0.1:" + std::to_string(front.port()) + "/x?y";
  auto live = Client().send(request);
  REQUIRE(live);
  CHECK(live->body == "proxied /up/x?y hi");
  request.url = "http://127.0.0.1:" + std::to_string(front.port()) + "/dead";
  auto dead = Client().send(request);
  REQUIRE(dead);
  CHECK(dead->status == 503);
  CHECK(dead->body.find("connect: connection refused") != std::string::npos);

  int fd = connect_to(front.port());
  std::string_view ask = "GET /e HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
  REQUIRE(::send(fd, ask.data(), ask.size(), 0) > 0);
  std::string got;
  auto read_until = [&](std::string_view end) {
    char buffer[65536];
    while (got.find(end) == got.npos) {
      ssize_t n = ::read(fd, buffer, sizeof buffer);
      REQUIRE(n > 0);
      got.append(buffer, static_cast<size_t>(n));
    }
  };
  read_until("\r\n\r\n");
  CHECK(got.starts_with("HTTP/1.1 101 "));
  got.clear();
  REQUIRE(::send(fd, "ping", 4, 0) == 4);
  read_until("<ping>");
  ::close(fd);
}

TEST_CASE("server: a handler that throws or answers nothing gives 500; stop() with open streams returns") {
  std::shared_ptr<ResponseStream> kept;
  Server server({}, [&](const Request& request, ResponseWriter& writer) {
    if (request.path == "/throw") throw std::runtime_error("x");
    if (request.path == "/stream") kept = writer.stream(200, "text/plain");
  });
  REQUIRE(server.start());
  CHECK(raw(server.port(), "GET /throw HTTP/1.1\r\nHost: x\r\n\r\n").find(" 500 ") != std::string::npos);
  CHECK(raw(server.port(), "GET /none HTTP/1.1\r\nHost: x\r\n\r\n").find(" 500 ") != std::string::npos);
  int fd = connect_to(server.port());
  std::string_view ask = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";
  REQUIRE(::send(fd, ask.data(), ask.size(), 0) > 0);
  char byte;
  REQUIRE(::read(fd, &byte, 1) == 1);
  server.stop();
  CHECK(!kept->write(std::string("late")));
  std::promise<void> told;
  kept->on_close([&] { told.set_value(); });
  told.get_future().wait();
  ::close(fd);
}
