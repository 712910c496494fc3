#include "agent/grpc_health.h"

namespace skerry::agent {
namespace {

constexpr uint8_t kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kGoAway = 7;
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;
constexpr size_t kMostBytes = 64 << 10;

std::string frame_of(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string f;
  size_t n = payload.size();
  f += static_cast<char>(n >> 16);
  f += static_cast<char>(n >> 8);
  f += static_cast<char>(n);
  f += static_cast<char>(type);
  f += static_cast<char>(flags);
  for (int shift = 24; shift >= 0; shift -= 8) f += static_cast<char>(stream >> shift);
  f.append(payload);
  return f;
}

// HPACK integers of 7 bits prefix, for string lengths (not Huffman-coded).
void add_length(std::string& out, size_t n) {
  if (n < 127) {
    out += static_cast<char>(n);
    return;
  }
  out += static_cast<char>(127);
  n -= 127;
  while (n >= 128) {
    out += static_cast<char>(n % 128 + 128);
    n /= 128;
  }
  out += static_cast<char>(n);
}

// Literal header field without indexing, new name.
void add_header(std::string& out, std::string_view name, std::string_view value) {
  out += '\0';
  add_length(out, name.size());
  out.append(name);
  add_length(out, value.size());
  out.append(value);
}

}  // namespace

std::string grpc_health_request(const std::string& authority, const std::string& service) {
  std::string headers;
  add_header(headers, ":method", "POST");
  add_header(headers, ":scheme", "http");
  add_header(headers, ":path", "/grpc.health.v1.Health/Check");
  add_header(headers, ":authority", authority);
  add_header(headers, "content-type", "application/grpc");
  add_header(headers, "user-agent", "kube-probe/1.36");
  add_header(headers, "te", "trailers");
  std::string message;
  if (!service.empty()) {  // HealthCheckRequest { string service = 1 }
    message += '\x0a';
    size_t n = service.size();
    while (n >= 128) {
      message += static_cast<char>(n % 128 + 128);
      n /= 128;
    }
    message += static_cast<char>(n);
    message += service;
  }
  std::string body(1, '\0');  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(message.size() >> shift);
  body += message;
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame_of(kSettings, 0, 0, "") + frame_of(kHeaders, kEndHeaders, 1, headers) +
         frame_of(kData, kEndStream, 1, body);
}

Status GrpcHealthReply::feed(std::string_view bytes, std::string& answer) {
  total_ += bytes.size();
  if (total_ > kMostBytes) return internal_error("gRPC health answer is too long");
  buffer_.append(bytes);
  while (buffer_.size() >= 9 && !done_) {
    auto at = [&](size_t i) { return static_cast<uint8_t>(buffer_[i]); };
    size_t length = static_cast<size_t>(at(0)) << 16 | static_cast<size_t>(at(1)) << 8 | at(2);
    if (length > kMostBytes) return internal_error("gRPC health answer: a frame is too long");
    if (buffer_.size() < 9 + length) return {};
    uint32_t stream = (static_cast<uint32_t>(at(5)) << 24 | static_cast<uint32_t>(at(6)) << 16 | static_cast<uint32_t>(at(7)) << 8 | at(8)) & 0x7fffffff;
    std::string payload = buffer_.substr(9, length);
    uint8_t type = at(3), flags = at(4);
    buffer_.erase(0, 9 + length);
    TRY(frame(type, flags, stream, payload, answer));
  }
  return {};
}

Status GrpcHealthReply::frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload, std::string& answer) {
  if (type == kSettings && !(flags & kAck)) answer += frame_of(kSettings, kAck, 0, "");
  if (type == kPing && !(flags & kAck)) answer += frame_of(kPing, kAck, 0, payload);
  if (type == kGoAway && !done_ && data_.empty()) return internal_error("gRPC health check: the server closed the connection");
  if (stream != 1) return {};
  if (type == kReset) return internal_error("gRPC health check: the stream was reset");
  if (type == kData) {
    if (flags & kPadded) {
      size_t pad = payload.empty() ? 0 : static_cast<uint8_t>(payload[0]);
      if (payload.empty() || payload.size() < 1 + pad) return internal_error("gRPC health check: bad padding");
      payload = payload.substr(1, payload.size() - 1 - pad);
    }
    data_.append(payload);
    if (data_.size() >= 5) {
      size_t n = 0;
      for (int i = 1; i < 5; ++i) n = n << 8 | static_cast<uint8_t>(data_[static_cast<size_t>(i)]);
      if (n <= data_.size() - 5) {
        if (data_[0] != 0) return internal_error("gRPC health check: compressed answer");
        // HealthCheckResponse { ServingStatus status = 1 }; absent: UNKNOWN (0).
        status_ = n >= 2 && data_[5] == 0x08 ? static_cast<uint8_t>(data_[6]) : 0;
        done_ = true;
      }
    }
  }
  // Trailers without a message: the server refused (Unimplemented, NotFound, ...).
  if ((type == kHeaders || type == kData) && (flags & kEndStream)) done_ = true;
  return {};
}

}  // namespace skerry::agent
