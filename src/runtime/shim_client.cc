#include "runtime/shim_client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "base/strings.h"
#include "json/json.h"
#include "os/process.h"

namespace skerry::runtime {

namespace {

// crun logs JSON lines; the last error says it.
std::string crun_message(const std::string& text) {
  std::string message = text;
  for (std::string_view line : split(text, '\n')) {
    auto parsed = json::parse_json(line);
    if (parsed && parsed->is_object() && json::str(*parsed, "level") == "error") message = json::str(*parsed, "msg", text);
  }
  return message;
}

}  // namespace

Result<pid_t> start_shim(const ShimStart& s) {
  os::SpawnOptions options;
  options.program = s.executable;
  options.argv = {"skerry", "shim", "crun=" + s.crun, "crun-root=" + s.crun_root, "socket=" + s.socket, "hostname=" + s.hostname};
  if (!s.netns.empty()) options.argv.push_back("netns=" + s.netns);
  if (s.new_uts) options.argv.push_back("uts");
  if (s.new_ipc) options.argv.push_back("ipc");
  if (s.share_pid) options.argv.push_back("share-pid");
  for (const std::string& sysctl : s.sysctls) options.argv.push_back("sysctl=" + sysctl);
  for (const std::string& file : s.procs_files) options.argv.push_back("procs=" + file);
  options.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  os::CommandResult result = TRY(os::run_command(options, std::chrono::seconds(30)));
  if (result.exit_code != 0) return internal_error("start the pod's shim: " + result.output);
  auto pid = parse_int(result.output);
  if (!pid) return internal_error("start the pod's shim: unexpected answer \"" + result.output + "\"");
  return static_cast<pid_t>(*pid);
}

ShimContainerState parse_shim_container(const std::vector<std::string>& f, size_t at) {
  ShimContainerState s;
  if (at + kShimContainerFields > f.size()) return s;
  auto number = [&](size_t i) { return parse_int(f[at + i]).value_or(0); };
  s.id = f[at];
  s.state = f[at + 1];
  s.pid = static_cast<int32_t>(number(2));
  s.started_ns = number(3);
  s.finished_ns = number(4);
  s.exit_code = static_cast<int>(number(5));
  s.oom = f[at + 6] == "1";
  return s;
}

Result<ShimMessage> ShimClient::request(ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds,
                                        std::chrono::milliseconds timeout) const {
  auto [connection, message] = TRY(open(op, fields, fds, timeout));
  return std::move(message);
}

Result<std::pair<os::Fd, ShimMessage>> ShimClient::open(ShimOp op, const std::vector<std::string>& fields, const std::vector<int>& fds,
                                                        std::chrono::milliseconds timeout) const {
  auto connection = connect_unix(socket_, SOCK_SEQPACKET);
  if (!connection) return Error(Reason::kServiceUnavailable, "the pod's shim is gone: " + connection.error().message);
  timeval limit{static_cast<time_t>(timeout.count() / 1000), static_cast<suseconds_t>(timeout.count() % 1000 * 1000)};
  setsockopt(connection->get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  TRY(send_shim_message(connection->get(), op, fields, fds));
  std::string buffer(kMaxShimMessage, '\0');
  ShimMessage answer = TRY(receive_shim_message(connection->get(), buffer.data()));
  if (answer.op == ShimOp::kError) return internal_error(crun_message(answer.fields.empty() ? "unknown" : answer.fields[0]));
  if (answer.op != ShimOp::kOk) return internal_error("unexpected answer of the pod's shim");
  timeval none{};
  setsockopt(connection->get(), SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  return std::pair(std::move(*connection), std::move(answer));
}

}  // namespace skerry::runtime
