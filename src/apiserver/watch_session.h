// WatchSession: one watch on one connection.
#pragma once

#include <atomic>
#include <memory>

#include "apiserver/render.h"
#include "apiserver/watch_pump.h"
#include "http/server.h"

namespace skerry::apiserver {

class WatchSession : public std::enable_shared_from_this<WatchSession> {
 public:
  // Keeps `row` while it lives.
  WatchSession(Executor& executor, api::ResourcePtr row, Form form, api::TableOptions table, const Clock& clock, bool bookmarks)
      : executor_(executor), row_(std::move(row)), renderer_(row_.get(), std::move(form), table, clock), bookmarks_(bookmarks) {}

  std::string content_type() const { return renderer_.content_type(); }

  // In this order. wake(): what the registry is given.
  std::function<void()> wake();
  // `ended` runs once, on the executor, when the connection is gone or the time is over.
  void start(std::unique_ptr<registry::WatchStream> stream, std::shared_ptr<http::ResponseStream> out,
             std::chrono::seconds timeout, std::function<void()> ended);
  // Ends the response; when it returns nothing runs any more.
  void stop();

 private:
  bool take(std::span<const api::WatchEvent> events);
  void send_bookmark_later();

  Executor& executor_;
  const api::ResourcePtr row_;
  EventRenderer renderer_;  // used by the pump's job alone
  const bool bookmarks_;
  std::shared_ptr<WatchPump> pump_;
  std::shared_ptr<http::ResponseStream> out_;
  std::atomic<Executor::TimerId> deadline_{0}, bookmark_timer_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace skerry::apiserver
