#include "http/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace skerry::http {
namespace {

constexpr size_t kRecordBytes = 16 << 10;

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

}  // namespace

Transport::Transport(Transport&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ssl_(std::exchange(other.ssl_, nullptr)) {}

Transport& Transport::operator=(Transport&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    ssl_ = std::exchange(other.ssl_, nullptr);
  }
  return *this;
}

void Transport::close() {
  if (ssl_) SSL_free(ssl_);
  ssl_ = nullptr;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Status Transport::use_tls(const SslContext& context, bool server, const std::string& server_name) {
  ssl_ = SSL_new(context.get());
  if (!ssl_ || SSL_set_fd(ssl_, fd_) != 1) return internal_error("cannot set up TLS: out of memory");
  if (server) {
    SSL_set_accept_state(ssl_);
    return {};
  }
  SSL_set_connect_state(ssl_);
  if (!server_name.empty()) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_);
    bool ok = is_address(server_name) ? X509_VERIFY_PARAM_set1_ip_asc(param, server_name.c_str()) == 1
                                      : SSL_set_tlsext_host_name(ssl_, server_name.c_str()) == 1 &&
                                            X509_VERIFY_PARAM_set1_host(param, server_name.c_str(), 0) == 1;
    if (!ok) return internal_error("unusable TLS server name " + server_name);
  }
  return {};
}

Transport::Io Transport::ssl_result(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ: return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE: return Io::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return Io::kEnd;
    default: return Io::kFailed;
  }
}

Transport::Io Transport::handshake() {
  if (!ssl_) return Io::kDone;
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_);
  return result == 1 ? Io::kDone : ssl_result(result);
}

std::string Transport::handshake_error() const {
  if (ssl_ && SSL_get_verify_result(ssl_) != X509_V_OK) {
    return std::string("x509: ") + X509_verify_cert_error_string(SSL_get_verify_result(ssl_));
  }
  unsigned long code = ERR_peek_last_error();
  if (code == 0) return "TLS handshake failed: connection closed";
  const char* text = ERR_reason_error_string(code);
  return std::string("TLS handshake failed: ") + (text ? text : "unknown error");
}

Transport::Io Transport::read(char* buffer, size_t capacity, size_t& n) {
  n = 0;
  if (ssl_) {
    ERR_clear_error();
    int result = SSL_read(ssl_, buffer, static_cast<int>(std::min<size_t>(capacity, INT_MAX)));
    if (result <= 0) return ssl_result(result);
    n = static_cast<size_t>(result);
    return Io::kDone;
  }
  while (true) {
    ssize_t result = ::recv(fd_, buffer, capacity, 0);
    if (result > 0) {
      n = static_cast<size_t>(result);
      return Io::kDone;
    }
    if (result == 0) return Io::kEnd;
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Io::kWantRead : Io::kFailed;
  }
}

Transport::Io Transport::write(const iovec* parts, int count, char* scratch, size_t& n) {
  n = 0;
  if (!ssl_) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts);
    message.msg_iovlen = static_cast<size_t>(count);
    while (true) {
      ssize_t result = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
      if (result >= 0) {
        n = static_cast<size_t>(result);
        return Io::kDone;
      }
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Io::kWantWrite : Io::kFailed;
    }
  }
  const void* data = parts[0].iov_base;
  size_t size = std::min(parts[0].iov_len, kRecordBytes);
  if (size < kRecordBytes && count > 1) {  // small parts share a record
    size = 0;
    for (int i = 0; i < count && size < kRecordBytes; i++) {
      size_t take = std::min(parts[i].iov_len, kRecordBytes - size);
      std::memcpy(scratch + size, parts[i].iov_base, take);
      size += take;
    }
    data = scratch;
  }
  ERR_clear_error();
  int result = SSL_write(ssl_, data, static_cast<int>(size));
  if (result <= 0) {
    Io io = ssl_result(result);
    return io == Io::kEnd ? Io::kFailed : io;
  }
  n = static_cast<size_t>(result);
  return Io::kDone;
}

bool Transport::has_buffered() const { return ssl_ && SSL_has_pending(ssl_) == 1; }

void Transport::shutdown_write() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
  }
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

}  // namespace skerry::http
