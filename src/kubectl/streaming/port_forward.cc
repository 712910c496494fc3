// `kubectl port-forward`: local ports that lead into a pod.
#include <mutex>

#include "base/strings.h"
#include "http/upgrade.h"
#include "kubeconfig/credentials.h"
#include "kubeconfig/rest_config.h"
#include "kubectl/log_line.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/forwarder.h"
#include "kubectl/streaming/interrupt.h"
#include "kubectl/streaming/pods.h"
#include "kubectl/streaming/port_spec.h"
#include "kubectl/streaming/remote.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{{"address", 0, kStrings, "localhost",
                            "Addresses to listen on (comma separated). Only accepts IP addresses or localhost as a value. When localhost is "
                            "supplied, kubectl will try to bind on both 127.0.0.1 and ::1 and will fail if neither of these addresses are "
                            "available to bind."}} +
         std::vector<Flag>{pod_timeout_flag("1m0s")};
}

// The connection that carries the streams: SPDY inside a WebSocket, or plain where the server refuses that.
Result<std::shared_ptr<http::ByteStream>> connect(Session& session, const std::shared_ptr<http::EventLoop>& loop, const Json& pod) {
  RestClient* rest = TRY(session.rest());
  auto access = TRY(rest->access());
  http::ClientOptions client = kubeconfig::client_options(rest->config());
  client.tls = access.tls;
  client.user_agent = rest->config().user_agent;
  std::string url = rest->config().server + pod_path(pod, "portforward");
  auto failed = [](const std::string& why) { return plain_error("error upgrading connection: " + why); };
  if (!turned_off("KUBECTL_PORT_FORWARD_WEBSOCKETS")) {
    auto answer = http::connect_websocket(loop, client, url, {"SPDY/3.1+portforward.k8s.io"}, access.headers);
    if (answer && answer->socket) return std::shared_ptr<http::ByteStream>(std::make_shared<http::WsTunnel>(answer->socket));
    if (!answer && answer.error().message != "websocket: bad handshake") return failed("error sending request: " + answer.error().message);
  }
  http::UpgradeRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = access.headers;
  request.headers.set("Upgrade", "SPDY/3.1");
  request.headers.set("Connection", "Upgrade");
  request.headers.set("X-Stream-Protocol-Version", "portforward.k8s.io");
  auto answer = http::request_upgrade(loop, client, request);
  if (!answer) return failed("error sending request: " + answer.error().message);
  if (!answer->stream) return failed(upgrade_error(answer->status, answer->body).message);
  return answer->stream;
}

std::string logged(const std::string& error) {
  return log_line('E', "portforward.go", "\"Unhandled Error\" err=" + Json(error).dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

// Listens on all addresses of one port; says where.
Status listen(Session& session, Forwarder& forwarder, const std::vector<ListenAddress>& addresses, PortPair& pair, std::mutex& mutex) {
  std::vector<std::string> errors;
  size_t any_good = 0, any_bad = 0, all_bad = 0;
  for (const ListenAddress& address : addresses) {
    auto port = forwarder.listen(address.address, pair.local, pair.remote);
    if (!port) {
      errors.push_back(port.error().message);
      (address.any ? any_bad : all_bad)++;
      continue;
    }
    if (address.any) any_good++;
    pair.local = *port;  // the other addresses get the same
    std::lock_guard l(mutex);
    session.out << "Forwarding from " << join_host_port(address.address, *port) << " -> " << pair.remote << '\n' << std::flush;
  }
  if (all_bad == 0 && (any_good > 0 || any_bad == 0)) return {};
  return plain_error("Listeners failed to create with the following errors: [" + join(errors, " ") + "]");
}

Result<int> run(Session& session) {
  const auto& words = session.words();
  if (words.size() < 2) return usage_error("TYPE/NAME and list of ports are required for port-forward");
  auto timeout = TRY(pod_timeout_of(session));
  Target target = TRY(target_of(session, words[0], {}, "expected one resource"));
  Json pod = TRY(pod_of(session, target, timeout, PodOrder::kActive));
  Json service = target.mapping.kind == "Service" && target.mapping.group.empty() ? target.object : Json();
  auto pairs = TRY(resolve_ports({words.begin() + 1, words.end()}, pod, service));
  auto addresses = TRY(parse_addresses(session.flags.list("address")));
  std::string phase = json::str(pod, {"status", "phase"});
  if (phase != "Running") return plain_error("unable to forward port because pod is not running. Current status=" + phase);

  Interrupt interrupt;
  auto loop = TRY(StreamLoop::start());
  auto stream = TRY(connect(session, loop->get(), pod));
  std::mutex mutex;  // guards the session's streams: the loop's thread writes too
  std::weak_ptr<Forwarder> weak;
  auto forwarder = std::make_shared<Forwarder>(
      loop->get(), stream,
      Forwarder::Callbacks{.on_connection =
                               [&](uint16_t local) {
                                 std::lock_guard l(mutex);
                                 session.out << "Handling connection for " << local << '\n' << std::flush;
                               },
                           .on_error =
                               [&](const std::string& error) {
                                 {
                                   std::lock_guard l(mutex);
                                   session.err << logged(error) << std::flush;
                                 }
                                 if (auto self = weak.lock()) self->close();
                               },
                           .on_close = [&] { interrupt.ring(); }});
  weak = forwarder;
  forwarder->start();
  bool listening = false;
  for (PortPair& pair : pairs) {
    auto status = listen(session, *forwarder, addresses, pair, mutex);
    listening = listening || status;
    if (status) continue;
    std::lock_guard l(mutex);
    session.err << "Unable to listen on port " << pair.local << ": " << status.error().message << '\n' << std::flush;
  }
  if (!listening) {
    std::string all;
    for (const PortPair& pair : pairs) all += (all.empty() ? "{" : " {") + std::to_string(pair.local) + " " + std::to_string(pair.remote) + "}";
    loop.reset();
    return plain_error("unable to listen on any of the requested ports: [" + all + "]");
  }
  bool interrupted = interrupt.wait();
  loop.reset();  // ends every connection: no callback runs after this
  if (!interrupted) return plain_error("lost connection to pod");
  return 0;
}

}  // namespace

const Command kPortForward{
    .use = "port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    .brief = "Forward one or more local ports to a pod",
    .text = "Forward one or more local ports to a pod.\n\nA type and name of a workload or service stands for one of its pods. The session "
            "ends when that pod does.",
    .examples = R"(  # Local ports 5000 and 6000 lead to the same ports of the pod
  kubectl port-forward pod/mypod 5000 6000

  # To a pod of a deployment, and to the port that a service calls https
  kubectl port-forward deployment/mydeployment 5000 6000
  kubectl port-forward service/myservice 8443:https

  # Port 8888 to 5000, on localhost and one more address
  kubectl port-forward --address localhost,10.19.21.23 pod/mypod 8888:5000

  # Any free local port to 5000
  kubectl port-forward pod/mypod :5000)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
