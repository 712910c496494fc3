// HandlerWriter and ServerStream: the two ways a handler speaks to its ServerConnection. Internal to http.
#pragma once

#include "http/server_connection.h"

namespace skerry::http {

// "HTTP/1.1 200 OK", Date and the headers, with the empty line.
std::string response_head(int status, const Headers& headers);

class HandlerWriter final : public ResponseWriter {
 public:
  HandlerWriter(std::shared_ptr<ServerConnection> connection, const Request& request, const HeadInfo& head)
      : connection_(std::move(connection)), request_(request), head_(head) {}

  using ResponseWriter::send;
  Headers& headers() override { return headers_; }
  void send(int status, std::string_view content_type, std::vector<Bytes> parts) override;
  std::shared_ptr<ResponseStream> stream(int status, std::string_view content_type, size_t max_pending) override;
  std::shared_ptr<ByteStream> upgrade(size_t max_pending) override;
  std::shared_ptr<ByteStream> hijack(size_t max_pending) override;
  bool answered() const override { return answered_; }
  const std::shared_ptr<EventLoop>& loop() override { return connection_->shared().loop; }

  void end();  // the handler has returned

 private:
  bool keep_alive();
  std::shared_ptr<SocketStream> take_over(size_t max_pending, std::string head);

  const std::shared_ptr<ServerConnection> connection_;
  const Request& request_;
  const HeadInfo head_;
  Headers headers_;
  bool answered_ = false;
};

class ServerStream final : public ResponseStream {
 public:
  ServerStream(std::shared_ptr<ServerConnection> connection, size_t max_pending, bool chunked, bool no_body)
      : max_pending_(max_pending), chunked_(chunked), no_body_(no_body), loop_(connection->shared().loop), connection_(std::move(connection)) {}

  using ResponseStream::write;
  bool write(std::span<const Bytes> parts) override;
  size_t pending() const override;
  bool closed() const override;
  bool wait_pending_at_most(size_t bytes) override;
  void on_drain(std::function<void()> callback) override;
  void on_close(std::function<void()> callback) override;
  void finish() override;
  void abort() override;

  // The connection's side, on the loop.
  bool finished() const;
  void drained();
  void ended();  // once; nothing reaches the connection afterwards

 private:
  std::shared_ptr<ServerConnection> connection() const;

  const size_t max_pending_;
  const bool chunked_, no_body_;
  const std::shared_ptr<EventLoop> loop_;
  mutable std::mutex mutex_;  // guards the rest
  std::shared_ptr<ServerConnection> connection_;  // null: ended
  bool finished_ = false;
  std::function<void()> on_drain_, on_close_;
};

}  // namespace skerry::http
