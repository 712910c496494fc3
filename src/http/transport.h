// Transport: a non-blocking TCP or UNIX socket, with or without TLS on it. Owned by one thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <string>

#include "http/tls.h"

namespace skerry::http {

class Transport {
 public:
  enum class Io { kDone, kWantRead, kWantWrite, kEnd, kFailed };

  Transport() = default;
  explicit Transport(int fd) : fd_(fd) {}  // owns fd, which is non-blocking
  Transport(Transport&& other) noexcept;
  Transport& operator=(Transport&& other) noexcept;
  ~Transport() { close(); }

  // TLS comes on top of the socket. `server_name` is verified and sent as SNI; empty for servers.
  Status use_tls(const SslContext& context, bool server, const std::string& server_name = "");
  Io handshake();  // kDone at once without TLS
  std::string handshake_error() const;

  Io read(char* buffer, size_t capacity, size_t& n);  // kDone: n > 0
  // Writes of what the parts hold as much as the socket takes now; `scratch` of 16 KiB serves to fill TLS records.
  // After kWantWrite the next call must begin with the same bytes.
  Io write(const iovec* parts, int count, char* scratch, size_t& n);
  // Bytes that are decrypted or read already and that epoll will not announce.
  bool has_buffered() const;
  void shutdown_write();  // close_notify and FIN
  void close();

  int fd() const { return fd_; }
  bool tls() const { return ssl_ != nullptr; }
  std::shared_ptr<const PeerCertificate> peer() const { return ssl_ ? peer_certificate(ssl_) : nullptr; }

 private:
  Io ssl_result(int result);
  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
};

}  // namespace skerry::http
