#include "../bench/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <stdexcept>

#include "kubeconfig/client_config.h"

namespace skerry::bench {
namespace {

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error(what); }

bool starts_with_nocase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

std::shared_ptr<BIO> memory(const std::string& text) { return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free}; }

std::shared_ptr<SSL_CTX> new_context() {
  std::shared_ptr<SSL_CTX> ctx(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_read_ahead(ctx.get(), 1);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  return ctx;
}

}  // namespace

void enter_netns(const std::string& name) {
  int fd = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) give_up("cannot enter network namespace " + name);
  close(fd);
}

void raise_file_limit() {
  rlimit r;
  if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
  }
}

Target Target::from_kubeconfig(const std::string& path) {
  auto config = kubeconfig::ClientConfig({.kubeconfig = path}, kubeconfig::Environment::of_process()).rest_config();
  if (!config) give_up(path + ": " + config.error().message);
  Target t;
  std::string_view server = config->server;
  server.remove_prefix(std::string_view("https://").size());
  size_t colon = server.rfind(':');
  t.host = server.substr(0, colon);
  t.port = colon == std::string_view::npos ? 443 : std::stoi(std::string(server.substr(colon + 1)));
  t.tls = new_context();
  auto cert_text = memory(config->tls.cert_pem), key_text = memory(config->tls.key_pem);
  std::shared_ptr<X509> cert(PEM_read_bio_X509(cert_text.get(), nullptr, nullptr, nullptr), X509_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (!cert || !key || SSL_CTX_use_certificate(t.tls.get(), cert.get()) != 1 || SSL_CTX_use_PrivateKey(t.tls.get(), key.get()) != 1)
    give_up(path + ": no usable client certificate");
  return t;
}

Target Target::anonymous(int port) {
  Target t;
  t.port = port;
  t.tls = new_context();
  return t;
}

Connection::Connection(const Target& target) : host_(target.host) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(static_cast<uint16_t>(target.port));
  inet_pton(AF_INET, target.host.c_str(), &a.sin_addr);
  int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&a), sizeof a) != 0) {
    close(fd_);
    give_up("connect: " + std::string(strerror(errno)));
  }
  ssl_ = SSL_new(target.tls.get());
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) != 1) {
    SSL_free(ssl_);
    close(fd_);
    give_up("TLS handshake failed");
  }
}

Connection::~Connection() {
  SSL_free(ssl_);
  close(fd_);
}

void Connection::shut_down() { shutdown(fd_, SHUT_RDWR); }

void Connection::send(std::string_view method, std::string_view path, std::string_view type, std::string_view body) {
  out_.clear();
  out_.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\nAccept: application/json\r\n");
  if (!type.empty()) out_.append("Content-Type: ").append(type).append("\r\n");
  if (!body.empty()) out_.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  out_.append("\r\n").append(body);
  if (SSL_write(ssl_, out_.data(), static_cast<int>(out_.size())) <= 0) give_up("write failed");
}

bool Connection::fill() {
  if (at_ == in_.size()) {
    in_.clear();
    at_ = 0;
  }
  size_t had = in_.size();
  in_.resize(had + 65536);
  int n = SSL_read(ssl_, in_.data() + had, 65536);
  in_.resize(had + static_cast<size_t>(n > 0 ? n : 0));
  return n > 0;
}

std::string_view Connection::read_header_line() {
  for (;;) {
    size_t end = in_.find("\r\n", at_);
    if (end != std::string::npos) {
      std::string_view line = std::string_view(in_).substr(at_, end - at_);
      at_ = end + 2;
      return line;
    }
    if (!fill()) give_up("connection closed");
  }
}

int Connection::read_head() {
  std::string_view status = read_header_line();
  int code = 0;
  if (status.size() > 12) std::from_chars(status.data() + 9, status.data() + 12, code);
  length_ = -1;
  chunked_ = false;
  for (;;) {
    std::string_view line = read_header_line();
    if (line.empty()) return code;
    if (starts_with_nocase(line, "content-length: ")) std::from_chars(line.data() + 16, line.data() + line.size(), length_);
    if (starts_with_nocase(line, "transfer-encoding: chunked")) chunked_ = true;
  }
}

void Connection::read_exactly(size_t n, std::string* out) {
  while (n > 0) {
    if (at_ == in_.size() && !fill()) give_up("connection closed");
    size_t take = std::min(n, in_.size() - at_);
    if (out != nullptr) out->append(in_, at_, take);
    at_ += take;
    n -= take;
  }
}

int Connection::request(std::string_view method, std::string_view path, std::string_view type, std::string_view body, std::string* out) {
  send(method, path, type, body);
  int code = read_head();
  if (out != nullptr) out->clear();
  if (!chunked_) {
    read_exactly(length_ > 0 ? static_cast<size_t>(length_) : 0, out);
    return code;
  }
  for (;;) {
    std::string_view line = read_header_line();
    size_t n = 0;
    std::from_chars(line.data(), line.data() + line.size(), n, 16);
    read_exactly(n, out);
    (void)read_header_line();
    if (n == 0) return code;
  }
}

int Connection::start_watch(std::string_view path) {
  send("GET", path, "", "");
  return read_head();
}

bool Connection::read_line(std::string_view& line) {
  for (;;) {
    size_t end = text_.find('\n', text_at_);
    if (end != std::string::npos) {
      line = std::string_view(text_).substr(text_at_, end - text_at_);
      text_at_ = end + 1;
      return true;
    }
    text_.erase(0, text_at_);
    text_at_ = 0;
    try {
      if (!chunked_) {
        if (at_ == in_.size() && !fill()) return false;
        text_.append(in_, at_);
        at_ = in_.size();
        continue;
      }
      std::string_view head = read_header_line();
      size_t n = 0;
      std::from_chars(head.data(), head.data() + head.size(), n, 16);
      if (n == 0) return false;
      read_exactly(n, &text_);
      (void)read_header_line();
    } catch (const std::exception&) {
      return false;
    }
  }
}

}  // namespace skerry::bench
