#include "http/channels.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "base/strings.h"
#include "http/spdy.h"
#include "http/upgrade.h"

namespace skerry::http {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPauseAt = 1 << 20, kResumeAt = 256 << 10;  // what waits for next()
constexpr size_t kMaxWaiting = 1 << 20;                      // what waits for the server
constexpr std::chrono::seconds kPingEvery{5}, kSilence{61};
constexpr std::chrono::seconds kRepliesTimeout{30};

constexpr size_t kChannels = 5;
constexpr const char* kStreamTypes[kChannels] = {"stdin", "stdout", "stderr", "error", "resize"};

// The queue between the loop and next().
class Inbox {
 public:
  explicit Inbox(std::shared_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  void push(ChannelEvent event) {
    std::lock_guard l(mutex_);
    heard_ = Clock::now();
    if (closed_) return;
    if (event.kind == ChannelEvent::Kind::kClosed) closed_ = true;
    bytes_ += event.bytes.size();
    // Small pieces of one channel share an event.
    bool joins = event.kind == ChannelEvent::Kind::kData && !events_.empty() && events_.back().kind == event.kind &&
                 events_.back().channel == event.channel && events_.back().bytes.size() < (32 << 10);
    if (joins) events_.back().bytes += event.bytes;
    else events_.push_back(std::move(event));
    if (bytes_ > kPauseAt && !paused_ && !closed_) {
      paused_ = true;
      stream_->pause();
    }
    changed_.notify_all();
  }
  void heard() {
    std::lock_guard l(mutex_);
    heard_ = Clock::now();
  }

  ChannelEvent next(std::chrono::milliseconds timeout, bool watch_silence, const std::function<void()>& ping) {
    auto end = Clock::now() + timeout;
    std::unique_lock l(mutex_);
    if (events_.empty()) heard_ = std::max(heard_, Clock::now() - kSilence / 2);  // we may have been away ourselves
    while (events_.empty()) {
      if (finished_) return {ChannelEvent::Kind::kClosed, {}, ""};
      auto now = Clock::now();
      if (watch_silence && now - heard_ > kSilence) {
        l.unlock();
        push({ChannelEvent::Kind::kClosed, {}, "websocket ping timeout: no answer from the server"});
        stream_->abort();
        l.lock();
        continue;
      }
      if (now - pinged_ >= kPingEvery) {
        pinged_ = now;
        l.unlock();
        ping();
        l.lock();
        continue;
      }
      if (now >= end) return {};
      changed_.wait_until(l, std::min(end, pinged_ + kPingEvery));
    }
    ChannelEvent event = std::move(events_.front());
    events_.pop_front();
    bytes_ -= event.bytes.size();
    if (event.kind == ChannelEvent::Kind::kClosed) finished_ = true;
    if (paused_ && bytes_ < kResumeAt) {
      paused_ = false;
      stream_->resume();
    }
    return event;
  }

 private:
  const std::shared_ptr<ByteStream> stream_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<ChannelEvent> events_;
  size_t bytes_ = 0;
  bool paused_ = false, closed_ = false, finished_ = false;
  Clock::time_point heard_ = Clock::now(), pinged_ = Clock::now();
};

// ---- WebSocket ----------------------------------------------------------------------------------------

class WsChannels final : public ChannelSession {
 public:
  explicit WsChannels(std::shared_ptr<WebSocket> socket)
      : socket_(std::move(socket)), shared_(std::make_shared<Shared>(socket_->stream_pointer())) {
    auto shared = shared_;
    socket_->start({.on_message = [shared](WsOpcode, std::string_view payload) { shared->on_message(payload); },
                    .on_pong = [shared] { shared->inbox.heard(); },
                    .on_close_frame =
                        [shared](uint16_t code, std::string_view reason) {
                          shared->why = code == 1000 ? "" : "websocket: close " + std::to_string(code) + (reason.empty() ? "" : ": " + std::string(reason));
                        },
                    .on_drain = nullptr,
                    .on_close = [shared] { shared->inbox.push({ChannelEvent::Kind::kClosed, {}, shared->why}); }});
  }
  ~WsChannels() override { socket_->stream().abort(); }

  ChannelEvent next(std::chrono::milliseconds timeout) override {
    return shared_->inbox.next(timeout, true, [this] { socket_->send(WsOpcode::kPing, ""); });
  }
  bool write(Channel channel, std::string_view bytes) override {
    std::string message(1, static_cast<char>(channel));
    message += bytes;
    return socket_->stream().wait_pending_at_most(kMaxWaiting) && socket_->send(WsOpcode::kBinary, message);
  }
  void end(Channel channel) override {
    constexpr char kClose = static_cast<char>(255);
    if (starts_with(socket_->protocol(), "v5.")) socket_->send(WsOpcode::kBinary, std::string{kClose, static_cast<char>(channel)});
  }
  void close() override { socket_->close(); }
  void abort() override { socket_->stream().abort(); }
  const std::string& protocol() const override { return socket_->protocol(); }

 private:
  struct Shared {
    explicit Shared(std::shared_ptr<ByteStream> stream) : inbox(std::move(stream)) {}
    void on_message(std::string_view payload) {
      if (payload.empty()) return;
      auto channel = static_cast<uint8_t>(payload[0]);
      payload.remove_prefix(1);
      if (channel == 255 && payload.size() == 1 && static_cast<uint8_t>(payload[0]) < kChannels) {
        return inbox.push({ChannelEvent::Kind::kEnd, static_cast<Channel>(payload[0]), ""});
      }
      // Anything else is unknown; empty messages only show that the connection works.
      if (channel >= kChannels || payload.empty()) return inbox.heard();
      inbox.push({ChannelEvent::Kind::kData, static_cast<Channel>(channel), std::string(payload)});
    }
    Inbox inbox;
    std::string why = "websocket: close 1006 (abnormal closure): unexpected EOF";  // the loop's thread
  };
  const std::shared_ptr<WebSocket> socket_;
  const std::shared_ptr<Shared> shared_;
};

// ---- SPDY ---------------------------------------------------------------------------------------------

class SpdyChannels final : public ChannelSession {
 public:
  SpdyChannels(std::shared_ptr<ByteStream> stream, std::shared_ptr<EventLoop> loop, std::string protocol)
      : loop_(std::move(loop)), protocol_(std::move(protocol)), inbox_(std::make_shared<Inbox>(stream)),
        connection_(std::make_shared<SpdyConnection>(std::move(stream), SpdyRole::kClient)) {}
  ~SpdyChannels() override { connection_->stream().abort(); }

  // Opens the streams and waits until that has happened. False: the connection is gone.
  bool start(const ChannelOptions& options) {
    connection_->start({.on_stream = nullptr, .on_drain = nullptr,
                        .on_close = [inbox = inbox_] { inbox->push({ChannelEvent::Kind::kClosed, {}, ""}); }});
    struct Opened {
      std::mutex mutex;
      std::condition_variable changed;
      std::optional<bool> good;  // guarded by mutex
    };
    auto opened = std::make_shared<Opened>();
    auto streams = streams_;
    auto connection = connection_;
    auto inbox = inbox_;
    bool resize = options.resize && protocol_ != "v2.channel.k8s.io" && !protocol_.empty();
    loop_->post([=] {
      bool wanted[kChannels] = {options.in, options.out, options.err, true, resize};
      bool good = true;
      for (Channel channel : {Channel::kError, Channel::kStdin, Channel::kStdout, Channel::kStderr, Channel::kResize}) {
        auto i = static_cast<size_t>(channel);
        if (!wanted[i]) continue;
        (*streams)[i] = connection->open({{"streamType", kStreamTypes[i]}},
                                         [inbox, channel](std::string_view bytes) {
                                           inbox->push({ChannelEvent::Kind::kData, channel, std::string(bytes)});
                                         },
                                         [inbox, channel] { inbox->push({ChannelEvent::Kind::kEnd, channel, ""}); });
        good = good && (*streams)[i] != nullptr;
      }
      std::lock_guard l(opened->mutex);
      opened->good = good;
      opened->changed.notify_all();
    });
    std::unique_lock l(opened->mutex);
    opened->changed.wait_for(l, kRepliesTimeout, [&] { return opened->good.has_value(); });
    return opened->good.value_or(false);
  }

  ChannelEvent next(std::chrono::milliseconds timeout) override {
    return inbox_->next(timeout, false, [this] { loop_->post([connection = connection_] { connection->ping(); }); });
  }
  bool write(Channel channel, std::string_view bytes) override {
    auto& stream = (*streams_)[static_cast<size_t>(channel)];
    if (!stream) return !connection_->stream().closed();  // resize, where the server knows none
    return connection_->stream().wait_pending_at_most(kMaxWaiting) && stream->write(bytes);
  }
  void end(Channel channel) override {
    if (auto& stream = (*streams_)[static_cast<size_t>(channel)]) stream->end();
  }
  void close() override { connection_->close(); }
  void abort() override { connection_->stream().abort(); }
  const std::string& protocol() const override { return protocol_; }

 private:
  const std::shared_ptr<EventLoop> loop_;
  const std::string protocol_;
  const std::shared_ptr<Inbox> inbox_;
  const std::shared_ptr<SpdyConnection> connection_;
  // Written on the loop before start() returns, only read afterwards.
  const std::shared_ptr<std::array<std::shared_ptr<SpdyStream>, kChannels>> streams_ =
      std::make_shared<std::array<std::shared_ptr<SpdyStream>, kChannels>>();
};

Result<ChannelAnswer> open_websocket(const std::shared_ptr<EventLoop>& loop, const ChannelRequest& request) {
  // Over v4 the end of stdin cannot be told.
  std::vector<std::string> protocols = {"v5.channel.k8s.io"};
  if (!request.channels.in || request.channels.resize) protocols.push_back("v4.channel.k8s.io");
  auto response = TRY(connect_websocket(loop, request.client, request.url, protocols, request.headers));
  ChannelAnswer answer{nullptr, response.answer.status, response.answer.body};
  if (response.socket) answer.session = std::make_shared<WsChannels>(response.socket);
  return answer;
}

Result<ChannelAnswer> open_spdy(const std::shared_ptr<EventLoop>& loop, const ChannelRequest& request) {
  UpgradeRequest upgrade;
  upgrade.method = "POST";
  upgrade.url = request.url;
  upgrade.headers = request.headers;
  upgrade.headers.set("Upgrade", "SPDY/3.1");
  upgrade.headers.set("Connection", "Upgrade");
  for (const char* version : {"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io"}) {
    upgrade.headers.add("X-Stream-Protocol-Version", version);
  }
  auto response = TRY(request_upgrade(loop, request.client, upgrade));
  ChannelAnswer answer{nullptr, response.status, response.body};
  if (!response.stream) return answer;
  if (!response.headers.has_token("Upgrade", "SPDY/3.1")) {
    response.stream->start({});
    response.stream->abort();
    return Error(Reason::kServiceUnavailable, "unable to upgrade connection: the server chose another protocol");
  }
  auto session = std::make_shared<SpdyChannels>(response.stream, loop, std::string(response.headers.get("X-Stream-Protocol-Version")));
  if (!session->start(request.channels)) return Error(Reason::kServiceUnavailable, "the connection was closed before its streams were open");
  answer.session = session;
  return answer;
}

}  // namespace

Result<ChannelAnswer> open_channels(const std::shared_ptr<EventLoop>& loop, const ChannelRequest& request) {
  if (request.transport == ChannelRequest::Transport::kSpdy) return open_spdy(loop, request);
  auto answer = open_websocket(loop, request);
  bool refused = answer ? !answer->session : answer.error().message == "websocket: bad handshake";
  if (request.transport == ChannelRequest::Transport::kWebSocket || !refused) return answer;
  return open_spdy(loop, request);
}

}  // namespace skerry::http
