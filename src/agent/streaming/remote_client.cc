#include "agent/streaming/remote_client.h"

#include <condition_variable>
#include <mutex>

#include "base/strings.h"
#include "http/spdy.h"
#include "http/websocket.h"

namespace skerry::agent {
namespace {

constexpr size_t kMaxWaiting = 1 << 20;  // output that may wait for the client before the process is held up

// "v4.channel.k8s.io" and later speak Status objects; older ones plain text, and nothing for success.
bool speaks_status(std::string_view protocol) { return starts_with(protocol, "v4.") || starts_with(protocol, "v5."); }

std::string outcome_text(std::string_view protocol, const Json& status) {
  if (speaks_status(protocol)) return json::dump(status);
  return json::str(status, "status") == "Success" ? "" : json::str(status, "message");
}

// Resize messages are JSON texts, one after the other, in no particular pieces.
class ResizeReader {
 public:
  template <class F>
  void feed(std::string_view bytes, F&& on_resize) {
    for (char c : bytes) {
      if (c == '{') text_.clear();
      if (text_.size() < 256) text_ += c;
      uint16_t width = 0, height = 0;
      if (c == '}' && parse_resize(text_, width, height) && on_resize) on_resize(width, height);
    }
  }

 private:
  std::string text_;
};

// ---- SPDY: one stream per channel, told apart by the header streamType --------------------------------

class SpdyRemote final : public RemoteClient, public std::enable_shared_from_this<SpdyRemote> {
 public:
  SpdyRemote(std::shared_ptr<http::ByteStream> stream, std::string protocol, const RemoteOptions& options, Callbacks callbacks)
      : connection_(std::make_shared<http::SpdyConnection>(std::move(stream))), protocol_(std::move(protocol)), options_(options),
        callbacks_(std::move(callbacks)) {
    bool resizes = options.tty && protocol_ != "" && protocol_ != "v2.channel.k8s.io";
    missing_ = 1 + options.in + options.out + options.err;
    resize_expected_ = resizes;
  }

  void start() {
    auto self = shared_from_this();
    connection_->start({.on_stream = [self](std::shared_ptr<http::SpdyStream> stream) { return self->on_stream(stream); },
                        .on_drain = nullptr,
                        .on_close = [self] { self->on_close(); }});
  }

  bool wait_ready(std::chrono::seconds timeout) override {
    std::unique_lock l(mutex_);
    changed_.wait_for(l, timeout, [&] { return missing_ == 0 || gone_; });
    return missing_ == 0 && !gone_;
  }
  bool write_out(std::string_view bytes) override { return write(out_, bytes); }
  bool write_err(std::string_view bytes) override { return write(err_, bytes); }
  void pause() override { connection_->stream().pause(); }
  void resume() override { connection_->stream().resume(); }

  void finish(const Json& status) override {
    std::shared_ptr<http::SpdyStream> streams[3];  // the error stream first
    {
      std::lock_guard l(mutex_);
      streams[0] = error_, streams[1] = out_, streams[2] = err_;
    }
    std::string text = outcome_text(protocol_, status);
    if (streams[0] && !text.empty()) streams[0]->write(text);
    for (auto& stream : streams) {
      if (stream) stream->end();
    }
    connection_->close();
  }
  void abort() override { connection_->stream().abort(); }

 private:
  bool write(const std::shared_ptr<http::SpdyStream>& which, std::string_view bytes) {
    std::shared_ptr<http::SpdyStream> stream;
    {
      std::lock_guard l(mutex_);
      if (!which) return !gone_;  // the client did not ask for it
      stream = which;
    }
    return stream->write(bytes) && connection_->stream().wait_pending_at_most(kMaxWaiting);
  }

  bool on_stream(const std::shared_ptr<http::SpdyStream>& stream) {
    std::string_view type = stream->headers().get("streamtype");
    auto weak = weak_from_this();
    std::lock_guard l(mutex_);
    auto take = [&](std::shared_ptr<http::SpdyStream>& slot, bool wanted, bool counts = true) {
      if (slot || !wanted) return false;
      slot = stream;
      if (counts && missing_ > 0) missing_--;
      changed_.notify_all();
      return true;
    };
    if (type == "error") return take(error_, true);
    if (type == "stdout") return take(out_, options_.out);
    if (type == "stderr") return take(err_, options_.err);
    if (type == "stdin") {
      stream->on_data = [weak](std::string_view bytes) {
        if (auto self = weak.lock(); self && self->callbacks_.on_stdin) self->callbacks_.on_stdin(bytes);
      };
      stream->on_end = [weak] {
        if (auto self = weak.lock(); self && self->callbacks_.on_stdin_end) self->callbacks_.on_stdin_end();
      };
      return take(in_, options_.in);
    }
    if (type == "resize") {
      stream->on_data = [weak](std::string_view bytes) {
        if (auto self = weak.lock()) self->resizes_.feed(bytes, self->callbacks_.on_resize);
      };
      return take(resize_, resize_expected_, false);
    }
    return false;
  }

  void on_close() {
    Callbacks callbacks = std::exchange(callbacks_, {});
    {
      std::lock_guard l(mutex_);
      gone_ = true;
      changed_.notify_all();
    }
    if (callbacks.on_close) callbacks.on_close();
    std::lock_guard l(mutex_);
    error_ = in_ = out_ = err_ = resize_ = nullptr;
  }

  const std::shared_ptr<http::SpdyConnection> connection_;
  const std::string protocol_;
  const RemoteOptions options_;
  bool resize_expected_ = false;
  Callbacks callbacks_;    // the loop's thread
  ResizeReader resizes_;   // likewise
  std::mutex mutex_;       // guards all below
  std::condition_variable changed_;
  int missing_ = 0;
  bool gone_ = false;
  std::shared_ptr<http::SpdyStream> error_, in_, out_, err_, resize_;
};

// ---- WebSocket: one byte of channel number before each message ----------------------------------------

class WsRemote final : public RemoteClient, public std::enable_shared_from_this<WsRemote> {
 public:
  enum Channel : uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kError = 3, kResize = 4, kClose = 255 };

  WsRemote(std::shared_ptr<http::WebSocket> socket, const RemoteOptions& options, Callbacks callbacks)
      : socket_(std::move(socket)), options_(options), callbacks_(std::move(callbacks)),
        base64_(socket_->protocol().find("base64.") != std::string::npos) {}

  void start() {
    auto self = shared_from_this();
    socket_->start({.on_message = [self](http::WsOpcode, std::string_view payload) { self->on_message(payload); },
                    .on_drain = nullptr,
                    .on_close =
                        [self] {
                          Callbacks callbacks = std::exchange(self->callbacks_, {});
                          if (callbacks.on_close) callbacks.on_close();
                        }});
    // Clients take an empty message as the sign that the connection works.
    send(options_.out ? kStdout : options_.err ? kStderr : kError, "");
  }

  bool wait_ready(std::chrono::seconds) override { return !socket_->stream().closed(); }
  bool write_out(std::string_view bytes) override { return write(kStdout, options_.out, bytes); }
  bool write_err(std::string_view bytes) override { return write(kStderr, options_.err, bytes); }
  void pause() override { socket_->stream().pause(); }
  void resume() override { socket_->stream().resume(); }
  void finish(const Json& status) override {
    std::string text = outcome_text(socket_->protocol(), status);
    if (!text.empty()) send(kError, text);
    socket_->close();
  }
  void abort() override { socket_->stream().abort(); }

 private:
  bool send(Channel channel, std::string_view bytes) {
    if (base64_) return socket_->send(http::WsOpcode::kText, static_cast<char>('0' + channel) + base64_encode(bytes));
    std::string message(1, static_cast<char>(channel));
    message += bytes;
    return socket_->send(http::WsOpcode::kBinary, message);
  }

  bool write(Channel channel, bool wanted, std::string_view bytes) {
    if (!wanted) return !socket_->stream().closed();
    return send(channel, bytes) && socket_->stream().wait_pending_at_most(kMaxWaiting);
  }

  void on_message(std::string_view payload) {
    if (payload.empty()) return;
    auto channel = static_cast<uint8_t>(payload[0]);
    std::string decoded;
    payload.remove_prefix(1);
    if (base64_) {
      channel = static_cast<uint8_t>(channel - '0');
      decoded = base64_decode(payload).value_or("");
      payload = decoded;
    }
    if (channel == kStdin && options_.in && !payload.empty() && callbacks_.on_stdin) callbacks_.on_stdin(payload);
    if (channel == kResize && options_.tty) resizes_.feed(payload, callbacks_.on_resize);
    bool half_close = channel == kClose && starts_with(socket_->protocol(), "v5.") && payload.size() == 1 && payload[0] == kStdin;
    if (half_close && callbacks_.on_stdin_end) callbacks_.on_stdin_end();
  }

  const std::shared_ptr<http::WebSocket> socket_;
  const RemoteOptions options_;
  Callbacks callbacks_;   // the loop's thread
  ResizeReader resizes_;  // likewise
  const bool base64_;
};

}  // namespace

Result<std::shared_ptr<RemoteClient>> RemoteClient::accept(const http::Request& request, http::ResponseWriter& writer,
                                                           const RemoteOptions& options, Callbacks callbacks) {
  if (http::WebSocket::wanted(request)) {
    static const std::vector<std::string> kProtocols = {"v5.channel.k8s.io", "v5.base64.channel.k8s.io", "v4.channel.k8s.io",
                                                        "v4.base64.channel.k8s.io", "channel.k8s.io", "base64.channel.k8s.io", ""};
    auto remote = std::make_shared<WsRemote>(TRY(http::WebSocket::accept(request, writer, kProtocols)), options, std::move(callbacks));
    remote->start();
    return std::shared_ptr<RemoteClient>(remote);
  }
  if (!request.is_upgrade() || !http::equal_ignoring_case(request.headers.get("Upgrade"), "SPDY/3.1")) {
    return Error(Reason::kBadRequest, "unable to upgrade: missing upgrade headers in request");
  }
  auto offered = request.headers.tokens("X-Stream-Protocol-Version");
  std::string chosen;
  bool found = offered.empty();
  for (std::string_view protocol : {"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io"}) {
    if (!found && std::find(offered.begin(), offered.end(), protocol) != offered.end()) {
      chosen = protocol;
      found = true;
    }
  }
  if (!found) {
    Error error(Reason::kForbidden, "unable to upgrade: unable to negotiate protocol: client supports [" +
                                        join(std::vector<std::string>(offered.begin(), offered.end()), " ") +
                                        "], server accepts [v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io]");
    return error;
  }
  writer.headers().set("Upgrade", "SPDY/3.1");
  if (!chosen.empty()) writer.headers().set("X-Stream-Protocol-Version", chosen);
  auto remote = std::make_shared<SpdyRemote>(writer.upgrade(), chosen, options, std::move(callbacks));
  remote->start();
  return std::shared_ptr<RemoteClient>(remote);
}

Json exit_status(int exit_code, const std::vector<std::string>& command) {
  if (exit_code == 0) return {{"metadata", Json::object()}, {"status", "Success"}};
  std::string code = std::to_string(exit_code);
  return {{"metadata", Json::object()},
          {"status", "Failure"},
          {"message", "command terminated with non-zero exit code: error executing command [" + join(command, " ") + "], exit code " + code},
          {"reason", "NonZeroExitCode"},
          {"details", {{"causes", Json::array({{{"reason", "ExitCode"}, {"message", code}}})}}}};
}

Json failure_status(const Error& error, std::string_view what) {
  std::string message = std::string(what) + ": " + error.message;
  return {{"metadata", Json::object()},
          {"status", "Failure"},
          {"message", "Internal error occurred: " + message},
          {"reason", "InternalError"},
          {"details", {{"causes", Json::array({{{"message", message}}})}}},
          {"code", 500}};
}

bool parse_resize(std::string_view text, uint16_t& width, uint16_t& height) {
  auto size = json::parse_json(text);
  if (!size || !size->is_object()) return false;
  int64_t w = json::integer(*size, "Width", -1), h = json::integer(*size, "Height", -1);
  if (w < 0 || w > 65535 || h < 0 || h > 65535) return false;
  width = static_cast<uint16_t>(w);
  height = static_cast<uint16_t>(h);
  return true;
}

}  // namespace skerry::agent
