// Host checks: what Skerry relies on in this machine's kernel, settings and disks, tried rather than looked up.
//
// `skerry check-config` prints the findings; a start logs them and a Node tells them as its condition HostDegraded. The
// table in host_checks.cc has a row for each: what it is for, a probe, and how to get it. Probes leave nothing behind:
// what they make stands in namespaces of a thread that ends, in a control group and in a folder that are removed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/options.h"

namespace skerry::app {

// What probes need to know of the settings.
struct HostContext {
  Layout layout;
  bool with_node = true;       // else a control plane alone
  bool node_ip_given = false;
  uint16_t api_port = 0, node_port = 0;  // 0: not to be looked at, because Skerry itself has them
  std::string bind_address = "0.0.0.0";
  std::string service_proxy = "auto";
  std::string resolv_conf;
  std::string node_name;
  // Undoes also what Skerry itself would do anyway when it runs (controllers switched on in the root control group).
  bool undo_all = false;
};
HostContext host_context(const Options& options, bool with_node);

enum class HostState { kOk, kDegraded, kMissing };

struct Probe {
  HostState state = HostState::kOk;
  std::string detail;  // what was found
  std::string remedy;  // instead of the row's
};

struct HostCheck {
  std::string_view name;    // "memory limits"
  std::string_view group;   // heading
  bool node_only;           // a control plane alone does without
  bool required;            // without it, a start is of no use
  std::string_view without;  // what does not work without it; follows "missing: "
  Probe (*probe)(const HostContext&);
  std::string_view remedy;   // how to get it
  std::string_view module = "";  // kernel module and configuration option that bring it, for the remedy
  std::string_view option = "";
  bool passing = false;  // may mend itself while Skerry runs: logged, but no part of the Node's condition
};

struct HostFinding {
  const HostCheck* check = nullptr;
  HostState state = HostState::kOk;
  std::string detail, remedy;
  bool stops() const { return state == HostState::kMissing && check->required; }
};

const std::vector<HostCheck>& host_checks();
// All checks that concern this kind of Skerry, in the order of the table. Takes tens of milliseconds.
std::vector<HostFinding> check_host(const HostContext& context);
// Warnings of what is not ok; nothing where all is well.
void log_findings(const std::vector<HostFinding>& findings);
// One line for log and condition: "memory limits missing (memory limits of pods are not enforced)".
std::string summary(const HostFinding& finding);

}  // namespace skerry::app
