// Netlink: messages to the kernel and its answers (linux/netlink.h), for links, addresses, routes and nf_tables.
//
// A socket belongs to the network namespace it was opened in. Not thread-safe; calls block.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::network {

// Builds one message: header, fixed part, attributes.
class Message {
 public:
  Message(uint16_t type, uint16_t flags);

  template <class T>
  Message& fixed(const T& value) {
    raw(&value, sizeof value);
    return *this;
  }
  Message& attr(uint16_t type, const void* data, size_t size);
  Message& text(uint16_t type, std::string_view value);  // with the closing NUL
  Message& u8(uint16_t type, uint8_t v) { return attr(type, &v, sizeof v); }
  Message& u16(uint16_t type, uint16_t v) { return attr(type, &v, sizeof v); }
  Message& u32(uint16_t type, uint32_t v) { return attr(type, &v, sizeof v); }
  Message& be16(uint16_t type, uint16_t v);
  Message& be32(uint16_t type, uint32_t v);
  Message& be64(uint16_t type, uint64_t v);
  // Nested attributes: everything that `fill` adds.
  template <class F>
  Message& nest(uint16_t type, F&& fill) {
    size_t at = bytes_.size();
    nlattr head{0, type};
    raw(&head, sizeof head);
    fill(*this);
    auto size = static_cast<uint16_t>(bytes_.size() - at);
    std::memcpy(&bytes_[at], &size, sizeof size);
    return *this;
  }

  // The finished bytes, with length and sequence number filled in.
  std::string finish(uint32_t sequence) const;

 private:
  void raw(const void* data, size_t size);
  std::string bytes_;
};

class Netlink {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER. `netns_path`: "" is the caller's namespace.
  static Result<Netlink> open(int protocol, const std::string& netns_path = "");
  Netlink(Netlink&& other) noexcept;
  Netlink& operator=(Netlink&& other) noexcept;
  ~Netlink();

  // Sends and waits for the acknowledgement. Errors carry `what` and the kernel's reason; see last_errno().
  Status call(const Message& message, std::string_view what);
  // A batch (an nf_tables transaction from its opening to its closing message): all or nothing.
  Status batch(const std::vector<Message>& messages, std::string_view what);
  // A dump or get: every answer's payload (after nlmsghdr) with its type.
  Status dump(const Message& message, std::string_view what, const std::function<void(uint16_t type, std::string_view payload)>& each);
  int last_errno() const { return last_errno_; }

 private:
  explicit Netlink(int fd) : fd_(fd) {}
  Status receive(uint32_t first, uint32_t last, std::string_view what, bool multi,
                 const std::function<void(uint16_t, std::string_view)>& each);
  int fd_ = -1;
  uint32_t sequence_ = 1;
  int last_errno_ = 0;
};

// Walks the attributes in `bytes`.
void each_attr(std::string_view bytes, const std::function<void(uint16_t type, std::string_view value)>& each);

}  // namespace skerry::network
