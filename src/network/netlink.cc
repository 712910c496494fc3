#include "network/netlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

namespace skerry::network {

Message::Message(uint16_t type, uint16_t flags) {
  nlmsghdr h{};
  h.nlmsg_type = type;
  h.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
  raw(&h, sizeof h);
}

void Message::raw(const void* data, size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
  bytes_.append((4 - bytes_.size() % 4) % 4, '\0');
}

Message& Message::attr(uint16_t type, const void* data, size_t size) {
  nlattr head{static_cast<uint16_t>(sizeof(nlattr) + size), type};
  bytes_.append(reinterpret_cast<const char*>(&head), sizeof head);
  raw(data, size);
  return *this;
}

Message& Message::text(uint16_t type, std::string_view value) {
  std::string copy(value);
  return attr(type, copy.c_str(), copy.size() + 1);
}
Message& Message::be16(uint16_t type, uint16_t v) { return u16(type, htons(v)); }
Message& Message::be32(uint16_t type, uint32_t v) { return u32(type, htonl(v)); }
Message& Message::be64(uint16_t type, uint64_t v) {
  v = htobe64(v);
  return attr(type, &v, sizeof v);
}

std::string Message::finish(uint32_t sequence) const {
  std::string out = bytes_;
  auto* h = reinterpret_cast<nlmsghdr*>(out.data());
  h->nlmsg_len = static_cast<uint32_t>(out.size());
  h->nlmsg_seq = sequence;
  return out;
}

Result<Netlink> Netlink::open(int protocol, const std::string& netns_path) {
  int fd = -1, err = 0;
  auto make = [&] {
    fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    err = errno;
  };
  if (netns_path.empty()) {
    make();
  } else {
    // A thread of its own enters the namespace and goes; the socket stays in it.
    int ns = ::open(netns_path.c_str(), O_RDONLY | O_CLOEXEC);
    if (ns < 0) return errno_error("open " + netns_path, errno);
    std::thread([&] {
      if (setns(ns, CLONE_NEWNET) == 0) make();
      else err = errno;
    }).join();
    ::close(ns);
  }
  if (fd < 0) return errno_error("netlink socket", err);
  int size = 1 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  int one = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  timeval timeout{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  return Netlink(fd);
}

Netlink::Netlink(Netlink&& o) noexcept : fd_(std::exchange(o.fd_, -1)), sequence_(o.sequence_), last_errno_(o.last_errno_) {}
Netlink& Netlink::operator=(Netlink&& o) noexcept {
  std::swap(fd_, o.fd_);
  sequence_ = o.sequence_;
  last_errno_ = o.last_errno_;
  return *this;
}
Netlink::~Netlink() {
  if (fd_ >= 0) ::close(fd_);
}

Status Netlink::call(const Message& message, std::string_view what) {
  std::string bytes = message.finish(++sequence_);
  reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_flags |= NLM_F_ACK;
  if (::send(fd_, bytes.data(), bytes.size(), 0) < 0) return errno_error(what, last_errno_ = errno);
  return receive(sequence_, sequence_, what, false, nullptr);
}

Status Netlink::batch(const std::vector<Message>& messages, std::string_view what) {
  std::string all;
  uint32_t first = sequence_ + 1, acknowledged = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    std::string bytes = messages[i].finish(++sequence_);
    // Older kernels do not acknowledge the closing message; the one before it is, once everything is committed.
    if (i + 2 == messages.size()) {
      reinterpret_cast<nlmsghdr*>(bytes.data())->nlmsg_flags |= NLM_F_ACK;
      acknowledged = sequence_;
    }
    all += bytes;
  }
  if (::send(fd_, all.data(), all.size(), 0) < 0) return errno_error(what, last_errno_ = errno);
  return receive(first, acknowledged, what, false, nullptr);
}

Status Netlink::dump(const Message& message, std::string_view what, const std::function<void(uint16_t, std::string_view)>& each) {
  std::string bytes = message.finish(++sequence_);
  auto* h = reinterpret_cast<nlmsghdr*>(bytes.data());
  bool multi = (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!multi) h->nlmsg_flags |= NLM_F_ACK;
  if (::send(fd_, bytes.data(), bytes.size(), 0) < 0) return errno_error(what, last_errno_ = errno);
  return receive(sequence_, sequence_, what, multi, each);
}

Status Netlink::receive(uint32_t first, uint32_t last, std::string_view what, bool multi,
                        const std::function<void(uint16_t, std::string_view)>& each) {
  std::vector<char> buffer(1 << 17);
  last_errno_ = 0;
  Status result;
  for (;;) {
    ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      last_errno_ = errno;
      return errno_error(what, errno);
    }
    auto left = static_cast<size_t>(n);
    for (auto* h = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
      if (h->nlmsg_seq < first || h->nlmsg_seq > last) continue;  // late answer to something older
      if (h->nlmsg_type == NLMSG_DONE) return result;
      if (h->nlmsg_type == NLMSG_ERROR) {
        auto* e = static_cast<nlmsgerr*>(NLMSG_DATA(h));
        if (e->error == 0) {
          if (!multi && h->nlmsg_seq == last) return result;
          continue;
        }
        if (last_errno_ == 0) last_errno_ = -e->error;
        std::string detail;
        if (h->nlmsg_flags & NLM_F_ACK_TLVS) {
          size_t skip = sizeof(nlmsgerr) + ((h->nlmsg_flags & NLM_F_CAPPED) ? 0 : e->msg.nlmsg_len - sizeof(nlmsghdr));
          if (skip < NLMSG_PAYLOAD(h, 0))
            each_attr({reinterpret_cast<char*>(e) + skip, NLMSG_PAYLOAD(h, 0) - skip}, [&](uint16_t type, std::string_view v) {
              if (type == NLMSGERR_ATTR_MSG) detail = std::string(v.data(), strnlen(v.data(), v.size()));
            });
        }
        if (result.has_value()) result = errno_error(std::string(what) + (detail.empty() ? "" : " (" + detail + ")"), -e->error);
        // A failed batch is answered once per failing message; the rest is not awaited.
        return result;
      }
      if (each) each(h->nlmsg_type, {static_cast<char*>(NLMSG_DATA(h)), NLMSG_PAYLOAD(h, 0)});
    }
  }
}

void each_attr(std::string_view bytes, const std::function<void(uint16_t, std::string_view)>& each) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr head;
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > bytes.size()) return;
    each(static_cast<uint16_t>(head.nla_type & NLA_TYPE_MASK), bytes.substr(sizeof head, head.nla_len - sizeof head));
    size_t step = (head.nla_len + 3u) & ~3u;
    if (step >= bytes.size()) return;
    bytes.remove_prefix(step);
  }
}

}  // namespace skerry::network
