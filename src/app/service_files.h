// ServiceFiles: the services that install.sh has set up here, as their files tell: systemd units, OpenRC scripts and the
// files with their variables.
//
// Only files that carry install.sh's mark are looked at. What cannot be read is left out: this is for `skerry killall`,
// `uninstall` and `ready`, which work on damaged installations too.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::app {

// Stands in every file that install.sh writes.
inline constexpr std::string_view kInstallMark = "Written by Skerry's install.sh";

struct Service {
  enum class Manager { kSystemd, kOpenrc };
  Manager manager = Manager::kSystemd;
  std::string name;                  // "skerry", "skerry-agent"
  std::string file;                  // the unit, or the script in /etc/init.d; empty: lost
  std::string environment_file;
  std::string executable;            // "/usr/local/bin/skerry"
  std::string command;               // "server" or "agent"
  std::vector<std::string> args;     // after the command
  std::map<std::string, std::string> environment;
};

// Sorted by name; `root` is put before all paths. A name that systemd and OpenRC both know is there twice.
std::vector<Service> find_services(const std::string& root = "");

// The parts, for tests. Lines of a unit file or an OpenRC script; false if it is not ours or starts nothing.
bool parse_unit(std::string_view text, Service& out);
bool parse_openrc_script(std::string_view text, Service& out);
// NAME="value" lines as systemd and sh both read them; values may span lines.
std::map<std::string, std::string> parse_environment(std::string_view text);

}  // namespace skerry::app
