// `skerry server`: the control plane, and a node beside it.
#include "app/command_line.h"
#include "app/control_plane.h"
#include "app/host_checks.h"
#include "app/lifecycle.h"
#include "app/node.h"
#include "base/log.h"

#include <thread>

namespace skerry::app {
namespace {

Status serve(const Options& options) {
  block_signals();
  raise_limits();
  Layout layout = TRY(make_layout(options));
  TRY(lock_data_dir(layout));
  SystemClock clock;
  SystemRandom random;
  const bool with_node = !options.flag("disable-agent");
  std::string ip = options.text("node-ip");
  if (with_node || ip.empty()) {
    auto found = node_ip(options, layout);
    if (!found && with_node) return found.error();
    if (found) ip = *found;
  }
  auto control_plane = TRY(ControlPlaneProcess::start(options, layout, ip, clock, random));
  std::unique_ptr<client::Client> uplink;
  std::unique_ptr<NodeProcess> node;
  if (with_node) {
    NodeConfig config;
    config.name = node_name(options);
    config.ip = ip;
    config.identity.server_ca_pem = control_plane->pki().server_ca().cert_pem();
    config.identity.client_ca_pem = control_plane->pki().client_ca().cert_pem();
    config.identity.serving = TRY(control_plane->pki().issue_node_serving(config.name, {ip}, clock));
    config.identity.cluster = control_plane->cluster();
    uplink = control_plane->node_client(config.name);
    node = TRY(NodeProcess::start(options, layout, std::move(config), *uplink, clock, random));
  }
  std::jthread checks;  // a node makes its own
  if (!with_node) checks = std::jthread([&] { log_findings(check_host(host_context(options, false))); });
  // The API answers since it listens; ready means that its controllers know everything, and that the node is registered.
  serve_until_stopped(layout, [&] { return control_plane->ready() && (!node || node->registered()); });
  return {};
}

}  // namespace

int run_server(const Args& args) {
  return run_command({.name = "server",
                      .table = server_options(),
                      .help = "Runs the control plane and, unless --disable-agent is given, a node.\n\nUsage: skerry server [FLAGS]\n",
                      .lists_flags = true,
                      .run = serve},
                     args);
}

}  // namespace skerry::app
