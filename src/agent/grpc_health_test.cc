#include "agent/grpc_health.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::agent;

namespace {
std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string payload) {
  std::string f{'\0', static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags), '\0', '\0', '\0', static_cast<char>(stream)};
  return f + payload;
}
}  // namespace

TEST_CASE("grpc: a served answer is read however it is cut, and settings are acknowledged") {
  std::string answer = frame(4, 0, 0, "") + frame(1, 4, 1, "\x88") + frame(0, 0, 1, std::string("\0\0\0\0\2\x08\x01", 7)) + frame(1, 5, 1, "x");
  for (size_t step : {size_t(1), size_t(5), answer.size()}) {
    GrpcHealthReply reply;
    std::string back;
    for (size_t at = 0; at < answer.size() && !reply.done(); at += step) REQUIRE(reply.feed(answer.substr(at, step), back));
    CHECK(reply.done());
    CHECK(reply.serving_status() == 1);
    CHECK(back == frame(4, 1, 0, ""));
  }
}

TEST_CASE("grpc: trailers only, resets and nonsense end without a status") {
  GrpcHealthReply refused;
  std::string back;
  REQUIRE(refused.feed(frame(1, 5, 1, "x"), back));
  CHECK(refused.done());
  CHECK(refused.serving_status() == -1);
  GrpcHealthReply reset;
  CHECK_FALSE(reset.feed(frame(3, 0, 1, std::string(4, '\0')), back));
  GrpcHealthReply big;
  CHECK_FALSE(big.feed("HTTP/1.1 400 Bad Request\r\n\r\n", back));
}

TEST_CASE("grpc: the request carries preface, headers and the service's name") {
  std::string r = grpc_health_request("10.0.0.1:50051", "liveness");
  CHECK(r.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  CHECK(r.find("/grpc.health.v1.Health/Check") != std::string::npos);
  CHECK(r.ends_with(std::string("\0\0\0\0\x0a\x0a\x08liveness", 15)));
}
