// A blocking HTTPS client for the benchmarks: one keep-alive connection, as little work per request as can be.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace skerry::bench {

// Moves the calling thread into a network namespace (/run/netns/<name>).
void enter_netns(const std::string& name);
// As many open files as are allowed.
void raise_file_limit();

// What all connections share: where to, and as whom.
struct Target {
  std::string host = "127.0.0.1";
  int port = 6443;
  std::shared_ptr<SSL_CTX> tls;

  // The server and the client certificate of a kubeconfig.
  static Target from_kubeconfig(const std::string& path);
  // Nobody in particular, and any server.
  static Target anonymous(int port = 6443);
};

// Belongs to one thread. Throws std::runtime_error when the connection cannot be made or breaks.
class Connection {
 public:
  explicit Connection(const Target& target);
  ~Connection();
  Connection(const Connection&) = delete;

  // Status code; the body goes to `out`, if given.
  int request(std::string_view method, std::string_view path, std::string_view content_type = "", std::string_view body = "", std::string* out = nullptr);
  // GET of a watch: status code; then lines.
  int start_watch(std::string_view path);
  // The next line of the watch, false at its end. The view holds until the next call.
  bool read_line(std::string_view& line);
  // Wakes a thread that reads.
  void shut_down();

 private:
  void send(std::string_view method, std::string_view path, std::string_view content_type, std::string_view body);
  int read_head();
  bool fill();                                  // more bytes into in_; false at the end
  void read_exactly(size_t n, std::string* out);
  std::string_view read_header_line();

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  std::string host_, out_, in_;
  size_t at_ = 0;              // consumed up to here
  int64_t length_ = -1;        // Content-Length, or -1
  bool chunked_ = false;
  std::string text_;           // of the watch, chunks put together
  size_t text_at_ = 0;
};

}  // namespace skerry::bench
