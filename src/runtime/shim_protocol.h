// What skerry and a pod's shim say to each other over the shim's UNIX socket (SOCK_SEQPACKET: one packet, one message).
//
// A message is an operation and a list of strings, with file descriptors beside it (SCM_RIGHTS). Each connection
// carries one request at a time; its answer is kOk or kError. After kExec and kAttach the connection lives on and
// ends with kExit; after kSubscribe it carries a kEvent for each container that ends.
// The shim's side must stay small: nothing here may use streams, JSON or exceptions of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace skerry::runtime {

enum class ShimOp : uint32_t {
  kOk = 1,
  kError,      // message
  kExit,       // exit code
  kEvent,      // a container as in kList
  kCreate = 16,  // id, bundle, state dir, log path, OOM file, flags, mount fix ("1"), cgroup.procs files...  -> kOk pid
  kStart,        // id
  kKill,         // id, signal number
  kDelete,       // id: forgets an ended container
  kExec,         // id, process.json, scratch path, flags; fds for i, o, e   -> kOk [pty master], later kExit
  kAttach,       // id, flags; fds for o, e                                  -> kOk [stdin or pty master], later kExit
  kCloseStdin,   // id
  kReopen,       // id: opens the log file again
  kDial,         //                                                          -> kOk [unconnected TCP socket of the namespace]
  kList,         //                                                          -> kOk, then kShimContainerFields strings each
  kSubscribe,
  kShutdown,     // ends the shim; what still runs is left to the caller
};

// kList and kEvent: id, state ("created", "running", "exited"), pid, started ns, finished ns, exit code, oom ("0", "1").
inline constexpr size_t kShimContainerFields = 7;

// Flags are letters: i stdin, o stdout, e stderr, t tty, 1 stdin once, k kill when the connection ends.
inline bool has_flag(std::string_view flags, char flag) { return flags.find(flag) != std::string_view::npos; }

struct ShimMessage {
  ShimOp op = ShimOp::kError;
  std::vector<std::string> fields;
  std::vector<os::Fd> fds;
};

inline constexpr size_t kMaxShimMessage = 65536;

std::string encode_shim_message(ShimOp op, const std::vector<std::string>& fields);
bool decode_shim_message(std::string_view packet, ShimMessage& out);

// One packet. Reason kUnknown with the message "closed" at the end of the connection. `buffer` must hold
// kMaxShimMessage bytes.
Status send_shim_message(int socket, ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds = {});
Result<ShimMessage> receive_shim_message(int socket, char* buffer, int flags = 0);

// UNIX sockets whose path may be longer than sockaddr_un allows.
Result<os::Fd> listen_unix(const std::string& path, int type);
Result<os::Fd> connect_unix(const std::string& path, int type);

}  // namespace skerry::runtime
