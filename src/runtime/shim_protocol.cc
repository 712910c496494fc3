#include "runtime/shim_protocol.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace skerry::runtime {

namespace {

void put(std::string& out, uint32_t n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); }

bool take(std::string_view& in, uint32_t& n) {
  if (in.size() < sizeof n) return false;
  memcpy(&n, in.data(), sizeof n);
  in.remove_prefix(sizeof n);
  return true;
}

constexpr size_t kMaxFds = 4;

// A short name for `path`: through a descriptor of its directory.
Result<os::Fd> short_address(const std::string& path, sockaddr_un& address) {
  size_t slash = path.find_last_of('/');
  os::Fd directory(open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error("open the directory of " + path, errno);
  std::string name = "/proc/self/fd/" + std::to_string(directory.get()) + path.substr(slash);
  address = {};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return internal_error("socket name too long: " + path);
  memcpy(address.sun_path, name.c_str(), name.size() + 1);
  return directory;
}

}  // namespace

std::string encode_shim_message(ShimOp op, const std::vector<std::string>& fields) {
  std::string out;
  put(out, static_cast<uint32_t>(op));
  for (const std::string& field : fields) {
    put(out, static_cast<uint32_t>(field.size()));
    out += field;
  }
  return out;
}

bool decode_shim_message(std::string_view packet, ShimMessage& out) {
  uint32_t op = 0, size = 0;
  if (!take(packet, op)) return false;
  out.op = static_cast<ShimOp>(op);
  out.fields.clear();
  while (!packet.empty()) {
    if (!take(packet, size) || size > packet.size()) return false;
    out.fields.emplace_back(packet.substr(0, size));
    packet.remove_prefix(size);
  }
  return true;
}

Status send_shim_message(int socket, ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds) {
  std::string packet = encode_shim_message(op, fields);
  if (packet.size() > kMaxShimMessage) return Error(Reason::kRequestEntityTooLarge, "message to the shim is too large");
  iovec part{packet.data(), packet.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty() && fds.size() <= kMaxFds) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  }
  for (;;) {
    if (sendmsg(socket, &message, MSG_NOSIGNAL) >= 0) return {};
    if (errno != EINTR) return errno_error("send to the shim's socket", errno);
  }
}

Result<ShimMessage> receive_shim_message(int socket, char* buffer, int flags) {
  iovec part{buffer, kMaxShimMessage};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags);
  while (n < 0 && errno == EINTR);
  if (n < 0) return errno_error("receive from the shim's socket", errno);
  ShimMessage out;
  for (cmsghdr* h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; at + sizeof(int) <= h->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(h) + at, sizeof fd);
      out.fds.emplace_back(fd);
    }
  }
  if (n == 0) return Error(Reason::kUnknown, "closed");
  if (!decode_shim_message({buffer, static_cast<size_t>(n)}, out)) return internal_error("malformed message on the shim's socket");
  return out;
}

Result<os::Fd> listen_unix(const std::string& path, int type) {
  sockaddr_un address;
  os::Fd directory = TRY(short_address(path, address));
  os::Fd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket", errno);
  unlink(path.c_str());
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd.get(), 64) != 0)
    return errno_error("listen on " + path, errno);
  return fd;
}

Result<os::Fd> connect_unix(const std::string& path, int type) {
  sockaddr_un address;
  os::Fd directory = TRY(short_address(path, address));
  os::Fd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket", errno);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return errno_error("connect to " + path, errno);
  return fd;
}

}  // namespace skerry::runtime
