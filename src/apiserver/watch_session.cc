#include "apiserver/watch_session.h"

namespace skerry::apiserver {
namespace {

// A reader this far behind gets no more until it has caught up; its events wait in the hub.
constexpr size_t kMaxPending = 1 << 20;
constexpr std::chrono::seconds kBookmarkEvery{60};

}  // namespace

std::function<void()> WatchSession::wake() {
  // The pump refers to the session only weakly: the server's set owns it.
  std::weak_ptr<WatchSession> self = weak_from_this();
  auto take_events = [self](std::span<const api::WatchEvent> events) {
    auto session = self.lock();
    return session && session->take(events);
  };
  auto end = [self](const api::WatchEvent& event) {
    auto session = self.lock();
    if (!session) return;
    session->take({&event, 1});
    session->out_->finish();
  };
  pump_ = std::make_shared<WatchPump>(executor_, take_events, end);
  return [weak = std::weak_ptr(pump_)] {
    if (auto pump = weak.lock()) pump->kick();
  };
}

void WatchSession::start(std::unique_ptr<registry::WatchStream> stream, std::shared_ptr<http::ResponseStream> out,
                         std::chrono::seconds timeout, std::function<void()> ended) {
  out_ = std::move(out);
  std::weak_ptr<WatchSession> self = weak_from_this();
  deadline_ = executor_.post_after(timeout, [self] {
    auto session = self.lock();
    if (!session || session->stopped_) return;
    auto response = session->out_;
    session->pump_->with_stream([self, response](registry::WatchStream& stream) {
      auto s = self.lock();
      if (s && s->bookmarks_) {
        api::WatchEvent event = stream.bookmark();
        s->take({&event, 1});
      }
      response->finish();
    });
  });
  send_bookmark_later();
  out_->on_drain([weak = std::weak_ptr(pump_)] {
    if (auto pump = weak.lock()) pump->kick();
  });
  Executor& executor = executor_;
  out_->on_close([&executor, ended = std::move(ended)] { executor.post(ended); });
  pump_->start(std::move(stream));
}

void WatchSession::send_bookmark_later() {
  if (!bookmarks_ || stopped_) return;
  bookmark_timer_ = executor_.post_after(kBookmarkEvery, [self = weak_from_this()] {
    auto session = self.lock();
    if (!session || session->stopped_) return;
    session->pump_->with_stream([self](registry::WatchStream& stream) {
      if (auto s = self.lock()) {
        api::WatchEvent event = stream.bookmark();
        s->take({&event, 1});
      }
    });
    session->send_bookmark_later();
  });
}

bool WatchSession::take(std::span<const api::WatchEvent> events) {
  std::vector<Bytes> parts;
  renderer_.render(events, parts);
  if (!out_->write(parts)) return false;  // closed, or hopelessly slow: on_close follows
  return out_->pending() < kMaxPending;
}

void WatchSession::stop() {
  if (stopped_.exchange(true)) return;
  executor_.cancel(deadline_);
  executor_.cancel(bookmark_timer_);
  if (pump_) pump_->stop();
  if (out_) out_->finish();
}

}  // namespace skerry::apiserver
