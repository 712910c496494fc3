#include "os/netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "os/fd.h"
#include "os/mounts.h"

namespace skerry::os {

Status set_loopback_up() {
  Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("socket", errno);
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  if (ioctl(fd.get(), SIOCGIFFLAGS, &request) != 0) return errno_error("read the flags of lo", errno);
  request.ifr_flags |= IFF_UP;
  if (ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return errno_error("set lo up", errno);
  return {};
}

Status pin_network_namespace(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0444));
  if (!fd) return errno_error("create " + path, errno);
  return bind_mount("/proc/thread-self/ns/net", path);
}

Status unpin_namespace(const std::string& path) {
  TRY(unmount(path));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path, errno);
  return {};
}

}  // namespace skerry::os
