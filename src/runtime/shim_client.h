// ShimClient: skerry's side of a shim's socket. Thread-safe: every request has a connection of its own.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "runtime/shim_protocol.h"

namespace skerry::runtime {

struct ShimStart {
  std::string executable;  // skerry's own
  std::string crun, crun_root, socket;
  std::string netns;       // to be pinned there; empty: the host's
  std::string hostname;
  bool new_uts = true, new_ipc = true, share_pid = false;
  std::vector<std::string> sysctls;
  std::vector<std::string> procs_files;
};
// Starts a shim; it answers on its socket when this returns. Its pid.
Result<pid_t> start_shim(const ShimStart& start);

struct ShimContainerState {
  std::string id, state;
  int32_t pid = 0;
  int64_t started_ns = 0, finished_ns = 0;
  int exit_code = 0;
  bool oom = false;
};
// As kList and kEvent carry it; `at` indexes the first field.
ShimContainerState parse_shim_container(const std::vector<std::string>& fields, size_t at);

class ShimClient {
 public:
  explicit ShimClient(std::string socket) : socket_(std::move(socket)) {}

  // The shim's error becomes an InternalError with its message; ServiceUnavailable where there is no shim.
  Result<ShimMessage> request(ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds = {},
                              std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
  // The same, and the connection it was asked on, for what lives longer than its answer.
  Result<std::pair<os::Fd, ShimMessage>> open(ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds = {},
                                              std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;

 private:
  std::string socket_;
};

}  // namespace skerry::runtime
