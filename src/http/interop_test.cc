// Our server and client against an independent implementation of HTTP: cpp-httplib.
#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "http/client.h"
#include "http/server.h"
#include "http/test_certificates.h"

using namespace skerry;
using namespace skerry::http;

namespace {

void answer(const Request& request, ResponseWriter& writer) {
  if (request.path == "/stream") {
    auto stream = writer.stream(200, "text/plain");
    for (int i = 0; i < 100; ++i) stream->write(std::string(1000, static_cast<char>('a' + i % 26)));
    stream->finish();
    return;
  }
  if (request.path == "/big") return writer.send(200, "application/json", std::string(1 << 20, 'x'));
  writer.headers().set("X-Method", request.method);
  writer.send(request.path == "/missing" ? 404 : 200, "text/plain", std::string(request.body));
}

}  // namespace

TEST_CASE("interop: httplib's client over TLS: keep-alive, bodies, chunks, gzip, errors") {
  TestCertificate ca = make_test_ca("interop"), own = make_test_certificate(ca, "server");
  ServerOptions options;
  options.tls = ServerTls{own.cert_pem, own.key_pem, ""};
  Server server(options, answer);
  REQUIRE(server.start().has_value());

  httplib::SSLClient client("127.0.0.1", server.port());
  client.enable_server_certificate_verification(false);  // it takes authorities from files only
  client.set_keep_alive(true);
  for (int i = 0; i < 20; ++i) {
    std::string body(static_cast<size_t>(i) * 997, 'b');
    auto echoed = client.Post("/echo", body, "text/plain");
    REQUIRE(echoed);
    CHECK(echoed->status == 200);
    CHECK(echoed->body == body);
    CHECK(echoed->get_header_value("X-Method") == "POST");
  }
  auto streamed = client.Get("/stream");
  REQUIRE(streamed);
  CHECK(streamed->body.size() == 100000);
  CHECK(streamed->get_header_value("Transfer-Encoding") == "chunked");
  auto big = client.Get("/big", {{"Accept-Encoding", "gzip"}});
  REQUIRE(big);
  CHECK(big->get_header_value("Content-Encoding") == "gzip");
  CHECK(big->body == std::string(1 << 20, 'x'));
  CHECK(client.Get("/missing")->status == 404);
  CHECK(client.Post("/echo", std::string(4 << 20, 'x'), "text/plain")->status == 413);
  auto chunked = client.Post("/echo", [](size_t offset, httplib::DataSink& sink) {
    if (offset >= 50000) return sink.done(), true;
    return sink.write(std::string(5000, 'c').data(), 5000);
  }, "text/plain");
  REQUIRE(chunked);
  CHECK(chunked->body == std::string(50000, 'c'));
}

TEST_CASE("interop: our client against httplib's server") {
  httplib::Server peer;
  peer.Get("/hello", [](const httplib::Request&, httplib::Response& r) { r.set_content("hi", "text/plain"); });
  peer.Get("/chunks", [](const httplib::Request&, httplib::Response& r) {
    r.set_chunked_content_provider("text/plain", [](size_t offset, httplib::DataSink& sink) {
      if (offset >= 30000) return sink.done(), true;
      return sink.write(std::string(3000, 'z').data(), 3000);
    });
  });
  peer.Post("/echo", [](const httplib::Request& q, httplib::Response& r) { r.set_content(q.body, "text/plain"); });
  int port = peer.bind_to_any_port("127.0.0.1");
  REQUIRE(port > 0);
  std::jthread listening([&] { peer.listen_after_bind(); });

  Client client;
  const std::string base = "http://127.0.0.1:" + std::to_string(port);
  auto ask = [&](const std::string& method, const std::string& path, const std::string& body) {
    ClientRequest request;
    request.method = method;
    request.url = base + path;
    if (!body.empty()) request.body = make_bytes(body);
    return client.send(request);
  };
  CHECK(ask("GET", "/hello", "")->body == "hi");
  CHECK(ask("GET", "/chunks", "")->body == std::string(30000, 'z'));
  CHECK(ask("POST", "/echo", std::string(200000, 'e'))->body == std::string(200000, 'e'));
  CHECK(ask("GET", "/none", "")->status == 404);
  peer.stop();
}
