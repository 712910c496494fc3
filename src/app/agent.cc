// `skerry agent`: a node of a server elsewhere.
#include "app/command_line.h"
#include "app/join.h"
#include "app/lifecycle.h"
#include "app/node.h"
#include "base/log.h"
#include "base/strings.h"
#include "client/remote_client.h"

namespace skerry::app {
namespace {

Status serve(const Options& options) {
  std::string url = options.text("server");
  if (!starts_with(url, "https://")) return Error(Reason::kBadRequest, "--server: the server's URL, https://HOST:6443");
  while (ends_with(url, "/")) url.pop_back();
  block_signals();
  raise_limits();
  Layout layout = TRY(make_layout(options));
  TRY(lock_data_dir(layout));
  SystemClock clock;
  SystemRandom random;
  NodeConfig config;
  config.name = node_name(options);
  config.ip = TRY(node_ip(options, layout));
  std::string token = options.text("token");
  if (token.empty() && !options.text("token-file").empty()) token = TRY(auth::read_secret_file(options.text("token-file")));
  config.identity = TRY(join(url, token, config.name, config.ip, layout, clock, random));

  client::RemoteOptions remote;
  remote.server = url;
  remote.tls.ca_pem = config.identity.server_ca_pem;
  remote.tls.cert_pem = config.identity.client.cert_pem;
  remote.tls.key_pem = config.identity.client.key_pem;
  remote.user_agent = "skerry-agent";
  client::RemoteClient uplink(remote, clock);
  auto node = TRY(NodeProcess::start(options, layout, std::move(config), uplink, clock, random));
  // Without the server, pods run from what is on disk: that is this node's work, so it is ready.
  serve_until_stopped(layout, [&] { return node->registered() || !uplink.reachable(); });
  return {};
}

}  // namespace

int run_agent(const Args& args) {
  return run_command({.name = "agent",
                      .table = app::agent_options(),
                      .help = "Runs a node that belongs to a server elsewhere.\n\nUsage: skerry agent --server URL --token TOKEN [FLAGS]\n",
                      .lists_flags = true,
                      .run = serve},
                     args);
}

}  // namespace skerry::app
