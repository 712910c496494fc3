// Lifecycle: signals of the process, readiness told to the service manager, facts of the host.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/layout.h"
#include "app/options.h"
#include "base/result.h"

namespace skerry::app {

// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all that it starts; before the first thread.
void block_signals();
// Waits for SIGTERM or SIGINT. `on_hangup` is called for each SIGHUP.
void wait_for_stop();
// sd_notify(3): "READY=1", "STOPPING=1". Nothing happens without $NOTIFY_SOCKET.
void notify_service_manager(std::string_view state);
// Waits until `ready` is true, says so to the service manager and in layout.ready_file(), waits for the signal, says that
// it is going. The signal is heard while waiting, too.
void serve_until_stopped(const Layout& layout, const std::function<bool()>& ready);

// --node-name, or the host's name in lower case.
std::string node_name(const Options& options);
// --node-ip, or the address of the route to the outside. Without such a route: the address of the last time, so that a node
// starts its pods when its network does not come up; or that of the first interface. ServiceUnavailable where there is none.
Result<std::string> node_ip(const Options& options, const Layout& layout);
// --resolv-conf, or systemd-resolved's list where /etc/resolv.conf only names its stub.
std::string resolv_conf(const Options& options);
// Takes more file descriptors, as many as are allowed.
void raise_limits();

}  // namespace skerry::app
