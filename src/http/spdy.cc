#include "http/spdy.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <vector>

#include "base/strings.h"

namespace skerry::http {
namespace {

constexpr size_t kMaxControl = 64 << 10;
constexpr size_t kMaxBlock = 64 << 10;   // headers of one stream, decompressed
constexpr size_t kMaxData = 32 << 10;    // of a frame we send

constexpr uint32_t kInvalidStream = 2, kRefusedStream = 3, kCancel = 5;

void put32(std::string& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift);
}

uint32_t get32(std::string_view from, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; i++) value = value << 8 | static_cast<unsigned char>(from[at + i]);
  return value;
}

std::string make_dictionary() {
  static constexpr const char* kWords[] = {
      "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding", "accept-language",
      "accept-ranges", "age", "allow", "authorization", "cache-control", "connection", "content-base", "content-encoding",
      "content-language", "content-length", "content-location", "content-md5", "content-range", "content-type", "date", "etag",
      "expect", "expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
      "last-modified", "location", "max-forwards", "pragma", "proxy-authenticate", "proxy-authorization", "range", "referer",
      "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning",
      "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie",
      "keep-alive", "origin"};
  std::string dictionary;
  for (std::string_view word : kWords) {
    put32(dictionary, static_cast<uint32_t>(word.size()));
    dictionary += word;
  }
  dictionary +=
      "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
      "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
      "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
      "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
      "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
      "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";
  return dictionary;
}

const Bytef* dictionary_bytes() { return reinterpret_cast<const Bytef*>(spdy_dictionary().data()); }
uInt dictionary_size() { return static_cast<uInt>(spdy_dictionary().size()); }

Error broken(std::string message) { return Error(Reason::kBadRequest, "SPDY: " + std::move(message)); }

}  // namespace

std::string_view spdy_dictionary() {
  static const std::string dictionary = make_dictionary();
  return dictionary;
}

// ---- header blocks ----------------------------------------------------------------------------------

SpdyInflater::SpdyInflater() : z_(std::make_unique<z_stream_s>()) {
  *z_ = {};
  inflateInit(z_.get());
}
SpdyInflater::~SpdyInflater() { inflateEnd(z_.get()); }

Result<Headers> SpdyInflater::block(std::string_view compressed) {
  std::string text(kMaxBlock, '\0');
  z_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  z_->avail_in = static_cast<uInt>(compressed.size());
  z_->next_out = reinterpret_cast<Bytef*>(text.data());
  z_->avail_out = static_cast<uInt>(text.size());
  int result = inflate(z_.get(), Z_SYNC_FLUSH);
  if (result == Z_NEED_DICT) {
    if (inflateSetDictionary(z_.get(), dictionary_bytes(), dictionary_size()) != Z_OK) return broken("unknown dictionary");
    result = inflate(z_.get(), Z_SYNC_FLUSH);
  }
  if ((result != Z_OK && result != Z_BUF_ERROR) || z_->avail_in > 0) return broken("malformed header block");
  text.resize(text.size() - z_->avail_out);

  std::string_view rest = text;
  auto number = [&]() -> Result<uint32_t> {
    if (rest.size() < 4) return broken("malformed header block");
    uint32_t value = get32(rest, 0);
    rest.remove_prefix(4);
    return value;
  };
  auto word = [&]() -> Result<std::string> {
    uint32_t size = TRY(number());
    if (rest.size() < size) return broken("malformed header block");
    std::string value(rest.substr(0, size));
    rest.remove_prefix(size);
    return value;
  };
  Headers headers;
  uint32_t count = TRY(number());
  if (count > 100) return broken("too many headers");
  for (uint32_t i = 0; i < count; i++) {
    std::string name = TRY(word());
    std::string values = TRY(word());
    for (std::string_view value : split(values, '\0')) headers.add(name, std::string(value));
  }
  return headers;
}

SpdyDeflater::SpdyDeflater() : z_(std::make_unique<z_stream_s>()) {
  *z_ = {};
  deflateInit2(z_.get(), Z_BEST_SPEED, Z_DEFLATED, 11, 2, Z_DEFAULT_STRATEGY);  // a small window: replies are tiny
  deflateSetDictionary(z_.get(), dictionary_bytes(), dictionary_size());
}
SpdyDeflater::~SpdyDeflater() { deflateEnd(z_.get()); }

std::string SpdyDeflater::block(const Headers& headers) {
  std::string text;
  put32(text, static_cast<uint32_t>(headers.size()));
  for (const auto& [name, value] : headers) {
    put32(text, static_cast<uint32_t>(name.size()));
    text += to_lower(name);
    put32(text, static_cast<uint32_t>(value.size()));
    text += value;
  }
  std::string out(deflateBound(z_.get(), text.size()) + 64, '\0');
  z_->next_in = reinterpret_cast<Bytef*>(text.data());
  z_->avail_in = static_cast<uInt>(text.size());
  z_->next_out = reinterpret_cast<Bytef*>(out.data());
  z_->avail_out = static_cast<uInt>(out.size());
  [[maybe_unused]] int result = deflate(z_.get(), Z_SYNC_FLUSH);
  assert(result == Z_OK && z_->avail_in == 0);
  out.resize(out.size() - z_->avail_out);
  return out;
}

// ---- frames -----------------------------------------------------------------------------------------

std::string spdy_control_frame(SpdyType type, uint8_t flags, std::string_view payload) {
  std::string frame;
  put32(frame, 0x80030000u | static_cast<uint16_t>(type));
  put32(frame, static_cast<uint32_t>(flags) << 24 | static_cast<uint32_t>(payload.size()));
  frame += payload;
  return frame;
}

std::string spdy_data_frame(uint32_t stream, uint8_t flags, std::string_view payload) {
  std::string frame;
  frame.reserve(payload.size() + 8);
  put32(frame, stream);
  put32(frame, static_cast<uint32_t>(flags) << 24 | static_cast<uint32_t>(payload.size()));
  frame += payload;
  return frame;
}

Status SpdyParser::feed(std::string_view bytes, const Callbacks& callbacks) {
  auto fill = [&](size_t size) {  // is so much in buffer_?
    size_t take = std::min(size - std::min(size, buffer_.size()), bytes.size());
    buffer_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    return buffer_.size() >= size;
  };
  while (true) {
    if (in_data_) {
      size_t take = std::min<size_t>(left_, bytes.size());
      left_ -= static_cast<uint32_t>(take);
      bool whole = left_ == 0;
      if (take > 0 || whole) callbacks.on_data(stream_, bytes.substr(0, take), whole && fin_);
      bytes.remove_prefix(take);
      if (!whole) return {};
      in_data_ = false;
    }
    if (!fill(8)) return {};
    uint32_t first = get32(buffer_, 0), second = get32(buffer_, 4);
    uint32_t size = second & 0xffffff;
    auto flags = static_cast<uint8_t>(second >> 24);
    if ((first & 0x80000000u) == 0) {
      stream_ = first;
      left_ = size;
      fin_ = (flags & kSpdyFin) != 0;
      in_data_ = true;
      buffer_.clear();
      if (left_ > 0 && bytes.empty()) return {};
      continue;
    }
    if ((first >> 16 & 0x7fff) != 3) return broken("unsupported version");
    if (size > kMaxControl) return broken("control frame too large");
    if (!fill(8 + size)) return {};
    std::string frame = std::exchange(buffer_, {});
    callbacks.on_control(static_cast<SpdyType>(first & 0xffff), flags, std::string_view(frame).substr(8));
  }
}

// ---- SpdyStream -------------------------------------------------------------------------------------

bool SpdyStream::write(std::string_view bytes) {
  if (ended_) return false;
  while (!bytes.empty()) {
    if (!connection_->stream_->write(spdy_data_frame(id_, 0, bytes.substr(0, kMaxData)))) return false;
    bytes.remove_prefix(std::min(bytes.size(), kMaxData));
  }
  return true;
}

void SpdyStream::end() {
  if (!ended_.exchange(true)) connection_->stream_->write(spdy_data_frame(id_, kSpdyFin, ""));
}

void SpdyStream::reset() {
  if (!ended_.exchange(true)) connection_->send_reset(id_, kCancel);
}

// ---- SpdyConnection ---------------------------------------------------------------------------------

void SpdyConnection::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  auto self = shared_from_this();
  SpdyParser::Callbacks frames{
      [this](SpdyType type, uint8_t flags, std::string_view payload) { on_control(type, flags, payload); },
      [this](uint32_t id, std::string_view data, bool last) { on_data(id, data, last); }};
  stream_->start({.on_data =
                      [self, frames](std::string_view bytes) {
                        if (self->broken_ || self->closing_) return;
                        if (!self->parser_.feed(bytes, frames)) self->broken_ = true;
                        if (self->broken_) self->close();
                      },
                  .on_drain =
                      [self] {
                        if (self->callbacks_.on_drain) self->callbacks_.on_drain();
                      },
                  .on_close =
                      [self] {
                        auto streams = std::exchange(self->streams_, {});
                        for (auto& [id, stream] : streams) {
                          stream->ended_ = true;
                          self->peer_end(stream);
                        }
                        Callbacks last = std::exchange(self->callbacks_, {});
                        if (last.on_close) last.on_close();
                      }});
}

void SpdyConnection::close() {
  if (closing_.exchange(true)) return;
  std::string payload;
  put32(payload, 0);
  put32(payload, 0);
  stream_->write(spdy_control_frame(SpdyType::kGoAway, 0, payload));
  stream_->close();
}

void SpdyConnection::send_reset(uint32_t id, uint32_t status) {
  std::string payload;
  put32(payload, id);
  put32(payload, status);
  stream_->write(spdy_control_frame(SpdyType::kRstStream, 0, payload));
}

void SpdyConnection::on_control(SpdyType type, uint8_t flags, std::string_view payload) {
  switch (type) {
    case SpdyType::kSynStream: return on_syn_stream(flags, payload);
    case SpdyType::kRstStream: {
      if (payload.size() < 8) return;
      auto found = streams_.find(get32(payload, 0));
      if (found == streams_.end()) return;
      auto stream = found->second;
      streams_.erase(found);
      stream->ended_ = true;
      return peer_end(stream);
    }
    case SpdyType::kPing:  // a client's have odd numbers, a server's even ones; others answer ours
      if (payload.size() >= 4 && ((get32(payload, 0) & 1) != 0) == (role_ == SpdyRole::kServer)) stream_->write(spdy_control_frame(SpdyType::kPing, 0, payload.substr(0, 4)));
      return;
    case SpdyType::kHeaders:
    case SpdyType::kSynReply: {
      // Means nothing here, but its block belongs to the compressed stream.
      if (payload.size() < 4 || !inflater_.block(payload.substr(4))) broken_ = true;
      return;
    }
    default: return;  // SETTINGS, WINDOW_UPDATE; GOAWAY: streams under way go on
  }
}

std::shared_ptr<SpdyStream> SpdyConnection::open(Headers headers, std::function<void(std::string_view)> on_data,
                                                 std::function<void()> on_end) {
  assert(role_ == SpdyRole::kClient);
  if (streams_.size() >= 16) std::erase_if(streams_, [](const auto& item) { return item.second->peer_ended_ && item.second->ended_; });
  if (broken_ || closing_ || stream_->closed() || streams_.size() >= kMaxStreams || last_stream_ >= 0x7ffffffd) return nullptr;
  uint32_t id = last_stream_ == 0 ? 1 : last_stream_ + 2;
  last_stream_ = id;
  std::string payload;
  put32(payload, id);
  put32(payload, 0);                 // associated with no other
  payload += std::string("\0\0", 2);  // highest priority, no slot
  payload += deflater_.block(headers);
  auto stream = std::make_shared<SpdyStream>(shared_from_this(), id, std::move(headers));
  stream->on_data = std::move(on_data);
  stream->on_end = std::move(on_end);
  streams_[id] = stream;
  if (!stream_->write(spdy_control_frame(SpdyType::kSynStream, 0, payload))) {
    streams_.erase(id);
    stream->on_data = nullptr;
    stream->on_end = nullptr;
    return nullptr;
  }
  return stream;
}

void SpdyConnection::ping() {
  last_ping_ = last_ping_ == 0 ? (role_ == SpdyRole::kClient ? 1 : 2) : last_ping_ + 2;
  std::string payload;
  put32(payload, last_ping_);
  stream_->write(spdy_control_frame(SpdyType::kPing, 0, payload));
}

void SpdyConnection::on_syn_stream(uint8_t flags, std::string_view payload) {
  if (payload.size() < 10) {
    broken_ = true;
    return;
  }
  uint32_t id = get32(payload, 0) & 0x7fffffff;
  auto headers = inflater_.block(payload.substr(10));
  if (!headers || role_ == SpdyRole::kClient || (id & 1) == 0 || id <= last_stream_) {
    broken_ = true;  // the compression is out of step, or the numbering: nothing after this can be trusted
    return;
  }
  last_stream_ = id;
  // A stream whose own half ends after the client's is only taken out here.
  if (streams_.size() >= 16) std::erase_if(streams_, [](const auto& item) { return item.second->peer_ended_ && item.second->ended_; });
  if (streams_.size() >= kMaxStreams) return send_reset(id, kRefusedStream);
  auto stream = std::make_shared<SpdyStream>(shared_from_this(), id, std::move(*headers));
  streams_[id] = stream;
  std::string reply;
  put32(reply, id);
  reply += deflater_.block({});
  stream_->write(spdy_control_frame(SpdyType::kSynReply, 0, reply));
  if (!callbacks_.on_stream || !callbacks_.on_stream(stream)) {
    streams_.erase(id);
    stream->ended_ = true;
    return send_reset(id, kRefusedStream);
  }
  if (flags & kSpdyFin) peer_end(stream);
}

void SpdyConnection::on_data(uint32_t id, std::string_view data, bool last) {
  auto found = streams_.find(id);
  if (found == streams_.end() || found->second->peer_ended_) {
    if (!data.empty() && found == streams_.end() && id > last_stream_) send_reset(id, kInvalidStream);
    return;
  }
  auto stream = found->second;
  if (!data.empty() && stream->on_data) stream->on_data(data);
  if (last) peer_end(stream);
}

void SpdyConnection::peer_end(const std::shared_ptr<SpdyStream>& stream) {
  if (std::exchange(stream->peer_ended_, true)) return;
  auto on_end = std::exchange(stream->on_end, nullptr);
  if (on_end) on_end();
  stream->on_data = nullptr;
  if (stream->ended_) streams_.erase(stream->id());
}

}  // namespace skerry::http
