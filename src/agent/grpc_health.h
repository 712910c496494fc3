// The gRPC health check (grpc.health.v1.Health/Check) over HTTP/2 without TLS: only the frames it needs.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace skerry::agent {

// What the client sends: preface, SETTINGS, HEADERS and DATA of one request on stream 1.
std::string grpc_health_request(const std::string& authority, const std::string& service);

// Reads the server's frames as they come. Bounded: 64 KiB in all.
class GrpcHealthReply {
 public:
  // What must be sent back (acknowledgements) is appended to `answer`. Error on a broken stream.
  Status feed(std::string_view bytes, std::string& answer);
  bool done() const { return done_; }
  // HealthCheckResponse.ServingStatus: 1 is SERVING; -1: there was no message.
  int serving_status() const { return status_; }

 private:
  Status frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload, std::string& answer);
  std::string buffer_, data_;
  size_t total_ = 0;
  int status_ = -1;
  bool done_ = false;
};

}  // namespace skerry::agent
