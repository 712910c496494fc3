#include "http/response_writer.h"

#include <cassert>
#include <cstdio>
#include <ctime>

#include "base/strings.h"
#include "http/gzip.h"

namespace skerry::http {
namespace {

constexpr size_t kGzipFrom = 128 << 10;  // as Kubernetes' API server

const Bytes& crlf() {
  static const Bytes bytes = make_bytes("\r\n");
  return bytes;
}

std::string date_now() {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  time_t now = ::time(nullptr);
  std::tm tm{};
  gmtime_r(&now, &tm);
  char text[48];
  snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[tm.tm_wday], tm.tm_mday, kMonths[tm.tm_mon],
           tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  return text;
}

bool bodyless(int status) { return status < 200 || status == 204 || status == 304; }

bool worth_gzip(std::string_view content_type) {
  return starts_with(content_type, "application/") || starts_with(content_type, "text/");
}

bool accepts_gzip(const Headers& headers) {
  for (std::string_view token : headers.tokens("Accept-Encoding")) {
    std::string_view coding = trim(token.substr(0, token.find(';')));
    if (!equal_ignoring_case(coding, "gzip")) continue;
    size_t q = token.find("q=");
    return q == token.npos || token.substr(q).find_first_of("123456789") != token.npos;
  }
  return false;
}

}  // namespace

std::string response_head(int status, const Headers& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  head += status_text(status);
  head += "\r\n";
  auto line = [&](std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    for (char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;  // no second header through a value
    head += "\r\n";
  };
  for (const auto& [name, value] : headers) line(name, value);
  if (status >= 200) line("Date", date_now());
  head += "\r\n";
  return head;
}

// ---- HandlerWriter ----------------------------------------------------------------------------------

bool HandlerWriter::keep_alive() {
  bool keep = head_.keep_alive && !headers_.has_token("Connection", "close");
  headers_.remove("Connection");
  if (!keep) headers_.set("Connection", "close");
  if (keep && head_.minor_version == 0) headers_.set("Connection", "keep-alive");
  return keep;
}

void HandlerWriter::send(int status, std::string_view content_type, std::vector<Bytes> parts) {
  assert(!answered_);
  answered_ = true;
  std::erase_if(parts, [](const Bytes& part) { return !part || part->empty(); });
  size_t size = 0;
  for (const Bytes& part : parts) size += part->size();
  if (size > kGzipFrom && worth_gzip(content_type) && !headers_.has("Content-Encoding") && accepts_gzip(request_.headers)) {
    Bytes packed = make_bytes(gzip(parts));
    size = packed->size();
    parts.assign(1, std::move(packed));
    headers_.set("Content-Encoding", "gzip");
    headers_.add("Vary", "Accept-Encoding");
  }
  if (!content_type.empty()) headers_.set("Content-Type", std::string(content_type));
  bool keep = keep_alive();
  headers_.remove("Transfer-Encoding");
  headers_.remove("Content-Length");
  if (!bodyless(status)) headers_.set("Content-Length", std::to_string(size));
  if (bodyless(status) || request_.method == "HEAD") parts.clear();
  parts.insert(parts.begin(), make_bytes(response_head(status, headers_)));
  connection_->push(parts, SIZE_MAX);
  connection_->answered(Answer{.keep_alive = keep});
}

std::shared_ptr<ResponseStream> HandlerWriter::stream(int status, std::string_view content_type, size_t max_pending) {
  assert(!answered_);
  answered_ = true;
  bool chunked = head_.minor_version >= 1 && !bodyless(status);
  bool no_body = bodyless(status) || request_.method == "HEAD";
  if (!content_type.empty()) headers_.set("Content-Type", std::string(content_type));
  if (!chunked && !bodyless(status)) headers_.set("Connection", "close");  // its end is the connection's
  bool keep = keep_alive();
  headers_.remove("Content-Length");
  if (chunked) headers_.set("Transfer-Encoding", "chunked");
  auto stream = std::make_shared<ServerStream>(connection_, max_pending, chunked, no_body);
  Bytes head = make_bytes(response_head(status, headers_));
  connection_->push(std::span<const Bytes>(&head, 1), SIZE_MAX);
  if (!connection_->answered(Answer{.kind = Answer::Kind::kStream, .keep_alive = keep, .stream = stream})) stream->ended();
  return stream;
}

std::shared_ptr<SocketStream> HandlerWriter::take_over(size_t max_pending, std::string head) {
  assert(!answered_);
  answered_ = true;
  auto stream = std::make_shared<SocketStream>(loop(), max_pending);
  if (!head.empty()) static_cast<ByteStream&>(*stream).write(std::move(head));
  if (!connection_->answered(Answer{.kind = Answer::Kind::kTakeOver, .taken = stream})) {
    loop()->post([stream] { stream->attach_failed(); });
  }
  return stream;
}

std::shared_ptr<ByteStream> HandlerWriter::upgrade(size_t max_pending) {
  headers_.set("Connection", "Upgrade");
  return take_over(max_pending, response_head(101, headers_));
}

std::shared_ptr<ByteStream> HandlerWriter::hijack(size_t max_pending) { return take_over(max_pending, ""); }

void HandlerWriter::end() {
  if (answered_) return;
  headers_ = Headers();
  std::string type = "text/plain; charset=utf-8", body = "internal error\n";
  const auto& error_body = connection_->shared().options.error_body;
  if (error_body) std::tie(type, body) = error_body(500, "internal error");
  send(500, type, std::move(body));
}

// ---- ServerStream -----------------------------------------------------------------------------------

bool ServerStream::write(std::span<const Bytes> parts) {
  size_t size = 0;
  for (const Bytes& part : parts) size += part->size();
  std::lock_guard l(mutex_);
  if (!connection_ || finished_) return false;
  if (size == 0 || no_body_) return true;  // an empty chunk would end the response
  Outgoing::Push pushed;
  if (chunked_) {
    char line[24];
    int n = snprintf(line, sizeof line, "%zx\r\n", size);
    std::vector<Bytes> framed;
    framed.reserve(parts.size() + 2);
    framed.push_back(make_bytes(std::string(line, static_cast<size_t>(n))));
    framed.insert(framed.end(), parts.begin(), parts.end());
    framed.push_back(crlf());
    pushed = connection_->push(framed, max_pending_);
  } else {
    pushed = connection_->push(parts, max_pending_);
  }
  if (pushed == Outgoing::Push::kOverflow) connection_->abort();
  if (pushed != Outgoing::Push::kQueued) return false;
  connection_->wake();
  return true;
}

std::shared_ptr<ServerConnection> ServerStream::connection() const {
  std::lock_guard l(mutex_);
  return connection_;
}

size_t ServerStream::pending() const {
  auto c = connection();
  return c ? c->pending() : 0;
}

bool ServerStream::closed() const {
  auto c = connection();
  return !c || c->closed();
}

bool ServerStream::wait_pending_at_most(size_t bytes) {
  auto c = connection();
  return c && c->wait_pending_at_most(bytes);
}

void ServerStream::on_drain(std::function<void()> callback) {
  std::lock_guard l(mutex_);
  if (connection_) on_drain_ = std::move(callback);
}

void ServerStream::on_close(std::function<void()> callback) {
  {
    std::lock_guard l(mutex_);
    if (connection_) {
      on_close_ = std::move(callback);
      return;
    }
  }
  loop_->post(std::move(callback));
}

void ServerStream::finish() {
  std::lock_guard l(mutex_);
  if (!connection_ || finished_) return;
  finished_ = true;
  static const Bytes kLast = make_bytes("0\r\n\r\n");
  if (chunked_ && !no_body_) connection_->push(std::span<const Bytes>(&kLast, 1), SIZE_MAX);
  connection_->wake();
}

void ServerStream::abort() {
  std::lock_guard l(mutex_);
  if (connection_ && !finished_) connection_->abort();
}

bool ServerStream::finished() const {
  std::lock_guard l(mutex_);
  return finished_;
}

void ServerStream::drained() {
  std::function<void()> callback;
  {
    std::lock_guard l(mutex_);
    callback = on_drain_;
  }
  if (callback) callback();
}

void ServerStream::ended() {
  std::function<void()> drain, close;
  std::shared_ptr<ServerConnection> connection;
  {
    std::lock_guard l(mutex_);
    drain = std::exchange(on_drain_, nullptr);
    close = std::exchange(on_close_, nullptr);
    connection = std::exchange(connection_, nullptr);
  }
  if (close) close();
}

}  // namespace skerry::http
