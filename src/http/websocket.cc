#include "http/websocket.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"

namespace skerry::http {
namespace {

constexpr size_t kMaxControl = 125;

Error protocol_error(int close_code, std::string message) {
  Error error(Reason::kBadRequest, std::move(message));
  error.code = close_code;
  return error;
}

bool is_control(WsOpcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

}  // namespace

std::string ws_frame(WsOpcode opcode, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 10);
  frame += static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    int bytes = payload.size() < 65536 ? 2 : 8;
    frame += static_cast<char>(bytes == 2 ? 126 : 127);
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
  }
  frame += payload;
  return frame;
}

std::string ws_masked_frame(WsOpcode opcode, std::string_view payload, uint32_t mask) {
  std::string frame = ws_frame(opcode, payload);
  size_t head = frame.size() - payload.size();
  char bytes[4];
  for (int i = 0; i < 4; i++) bytes[i] = static_cast<char>(mask >> (24 - 8 * i));
  for (size_t i = 0; i < payload.size(); i++) frame[head + i] = static_cast<char>(frame[head + i] ^ bytes[i & 3]);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  return frame.insert(head, bytes, 4);
}

std::string ws_close_payload(uint16_t code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += reason.substr(0, kMaxControl - 2);
  return payload;
}

std::string ws_accept_key(std::string_view key) {
  std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return base64_encode(std::string_view(reinterpret_cast<char*>(digest), size));
}

// ---- WsParser ---------------------------------------------------------------------------------------

Status WsParser::parse_header() {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(header_[i]); };
  final_ = (byte(0) & 0x80) != 0;
  opcode_ = static_cast<WsOpcode>(byte(0) & 0x0f);
  if (byte(0) & 0x70) return protocol_error(1002, "reserved bits set");
  size_t length_bytes = (byte(1) & 0x7f) == 126 ? 2 : (byte(1) & 0x7f) == 127 ? 8 : 0;
  left_ = length_bytes == 0 ? byte(1) & 0x7f : 0;
  for (size_t i = 0; i < length_bytes; i++) left_ = left_ << 8 | byte(2 + i);
  for (size_t i = 0; i < mask_bytes_; i++) mask_[i] = byte(2 + length_bytes + i);
  payload_at_ = 0;
  switch (opcode_) {
    case WsOpcode::kContinuation:
      if (!in_message_) return protocol_error(1002, "continuation of nothing");
      break;
    case WsOpcode::kText:
    case WsOpcode::kBinary:
      if (in_message_) return protocol_error(1002, "new message inside a fragmented one");
      in_message_ = true;
      message_opcode_ = opcode_;
      break;
    case WsOpcode::kClose:
    case WsOpcode::kPing:
    case WsOpcode::kPong:
      if (!final_ || left_ > kMaxControl) return protocol_error(1002, "fragmented or oversized control frame");
      return {};
    default: return protocol_error(1002, "unknown opcode");
  }
  if (left_ > max_message_bytes_ || message_.size() + left_ > max_message_bytes_) return protocol_error(1009, "message too big");
  return {};
}

void WsParser::unmask(std::string_view bytes) {
  std::string& to = is_control(opcode_) ? control_ : message_;
  size_t at = to.size();
  to.append(bytes);
  if (mask_bytes_ == 0) return;
  for (; at < to.size(); at++) to[at] = static_cast<char>(to[at] ^ mask_[payload_at_++ & 3]);
}

Status WsParser::frame_done(const OnMessage& on_message) {
  header_.clear();
  header_size_ = 0;
  if (is_control(opcode_)) {
    std::string payload = std::exchange(control_, {});
    if (on_message) on_message(opcode_, payload);
  } else if (final_) {
    in_message_ = false;
    std::string payload = std::exchange(message_, {});
    if (on_message) on_message(message_opcode_, payload);
  }
  return {};
}

Status WsParser::feed(std::string_view bytes, const OnMessage& on_message) {
  while (true) {
    if (header_size_ == 0) {
      while (true) {
        bool sized = header_.size() >= 2;  // so far that its whole length is known
        size_t need = 2;
        if (sized) {
          auto second = static_cast<unsigned char>(header_[1]);
          if (((second & 0x80) != 0) != (mask_bytes_ != 0)) {
            return protocol_error(1002, mask_bytes_ ? "frame from the client is not masked" : "frame from the server is masked");
          }
          need = 2 + mask_bytes_ + ((second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0);
        }
        size_t take = std::min(need - header_.size(), bytes.size());
        header_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (header_.size() < need) return {};
        if (sized) break;
      }
      header_size_ = header_.size();
      TRY(parse_header());
    }
    size_t take = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
    unmask(bytes.substr(0, take));
    bytes.remove_prefix(take);
    left_ -= take;
    if (left_ > 0) return {};
    TRY(frame_done(on_message));
  }
}

// ---- WebSocket --------------------------------------------------------------------------------------

bool WebSocket::wanted(const Request& request) {
  return request.headers.has_token("Connection", "upgrade") && request.headers.has_token("Upgrade", "websocket");
}

Result<std::shared_ptr<WebSocket>> WebSocket::accept(const Request& request, ResponseWriter& writer,
                                                     const std::vector<std::string>& protocols, size_t max_pending) {
  auto key = base64_decode(request.headers.get("Sec-WebSocket-Key"));
  if (!wanted(request) || request.method != "GET" || !key || key->size() != 16) {
    return Error(Reason::kBadRequest, "malformed WebSocket handshake");
  }
  if (request.headers.get("Sec-WebSocket-Version") != "13") return Error(Reason::kBadRequest, "unsupported WebSocket version");
  auto offered = request.headers.tokens("Sec-WebSocket-Protocol");
  const std::string* chosen = nullptr;
  for (const std::string& protocol : protocols) {
    bool fits = protocol.empty() ? offered.empty() : std::find(offered.begin(), offered.end(), protocol) != offered.end();
    if (fits && !chosen) chosen = &protocol;
  }
  if (!chosen) {
    std::vector<std::string> names(offered.begin(), offered.end());
    return Error(Reason::kBadRequest, "unable to upgrade: no WebSocket subprotocol of [" + join(names, " ") + "] is supported");
  }
  writer.headers().set("Upgrade", "websocket");
  writer.headers().set("Sec-WebSocket-Accept", ws_accept_key(request.headers.get("Sec-WebSocket-Key")));
  if (!chosen->empty()) writer.headers().set("Sec-WebSocket-Protocol", *chosen);
  auto socket = std::make_shared<WebSocket>(writer.upgrade(max_pending), WsRole::kServer, *chosen);
  return socket;
}

void WebSocket::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  auto self = shared_from_this();
  stream_->start({.on_data = [self](std::string_view bytes) { self->on_data(bytes); },
                  .on_drain =
                      [self] {
                        if (self->callbacks_.on_drain) self->callbacks_.on_drain();
                      },
                  .on_close =
                      [self] {
                        Callbacks last = std::exchange(self->callbacks_, {});
                        if (last.on_close) last.on_close();
                      }});
}

void WebSocket::on_data(std::string_view bytes) {
  if (closing_) return;
  Status status = parser_.feed(bytes, [&](WsOpcode opcode, std::string_view payload) {
    if (closing_) return;
    switch (opcode) {
      case WsOpcode::kPing: send(WsOpcode::kPong, payload); break;
      case WsOpcode::kPong:
        if (callbacks_.on_pong) callbacks_.on_pong();
        break;
      case WsOpcode::kClose: {
        auto code = payload.size() >= 2 ? static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1])) : uint16_t{1000};
        if (callbacks_.on_close_frame) callbacks_.on_close_frame(code, payload.substr(std::min<size_t>(payload.size(), 2)));
        close(code);
        break;
      }
      default:
        if (callbacks_.on_message) callbacks_.on_message(opcode, payload);
    }
  });
  if (status) return;
  if (callbacks_.on_close_frame) callbacks_.on_close_frame(static_cast<uint16_t>(status.error().code), status.error().message);
  close(static_cast<uint16_t>(status.error().code), status.error().message);
}

std::string WebSocket::frame(WsOpcode opcode, std::string_view payload) const {
  if (role_ == WsRole::kServer) return ws_frame(opcode, payload);
  return ws_masked_frame(opcode, payload, static_cast<uint32_t>(SystemRandom().next()));
}

bool WebSocket::send(WsOpcode opcode, std::string_view payload) { return stream_->write(frame(opcode, payload)); }

void WebSocket::close(uint16_t code, std::string_view reason) {
  if (closing_.exchange(true)) return;
  stream_->write(frame(WsOpcode::kClose, ws_close_payload(code, reason)));
  stream_->close();
}

void WsTunnel::start(Callbacks callbacks) {
  auto shared = std::make_shared<Callbacks>(std::move(callbacks));
  socket_->start({.on_message =
                      [shared](WsOpcode, std::string_view payload) {
                        if (shared->on_data) shared->on_data(payload);
                      },
                  .on_drain = shared->on_drain,
                  .on_close = shared->on_close});
}

}  // namespace skerry::http
