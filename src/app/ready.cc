// `skerry ready`: waits until the node of this machine is ready, and says what it waits for if it does not become so.
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

#include "app/commands.h"
#include "app/lifecycle.h"
#include "app/options.h"
#include "app/salvage.h"
#include "app/service_files.h"
#include "base/clock.h"
#include "base/strings.h"
#include "client/remote_client.h"
#include "kubeconfig/client_config.h"
#include "os/files.h"
#include "os/process.h"

namespace skerry::app {
namespace {

constexpr int kNotRunning = 3, kNotCurrent = 4;
constexpr auto kPause = std::chrono::milliseconds(100);
// A service manager may need a moment to start the process.
constexpr auto kNoProcess = std::chrono::seconds(15);

struct Asked {
  std::vector<std::string> args;
  std::map<std::string, std::string> environment;
  std::string command;  // "server", "agent" or unknown
  std::chrono::seconds timeout{0};
  bool current = false;            // ask whether the process runs what is installed
  std::vector<std::string> files;  // of the service
};

Result<Asked> ask(const Args& args) {
  Asked out;
  out.environment = process_environment();
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string flag = args[i].substr(0, args[i].find('='));
    if (args[i] == "--current") {
      out.current = true;
      continue;
    }
    if (flag != "--service" && flag != "--timeout") {
      out.args.push_back(args[i]);
      continue;
    }
    if (flag == args[i] && i + 1 == args.size()) return Error(Reason::kBadRequest, flag + " needs a value");
    const std::string value = flag == args[i] ? args[++i] : args[i].substr(flag.size() + 1);
    if (flag == "--timeout") {
      auto seconds = parse_int(ends_with(value, "s") ? value.substr(0, value.size() - 1) : value);
      if (!seconds || *seconds < 0 || *seconds > 86400) return Error(Reason::kBadRequest, "--timeout: \"" + value + "\" is no number of seconds");
      out.timeout = std::chrono::seconds(*seconds);
      continue;
    }
    auto services = find_services();
    auto it = std::find_if(services.begin(), services.end(), [&](const Service& s) { return s.name == value; });
    if (it == services.end()) return Error(Reason::kBadRequest, "there is no service " + value + " here");
    out.environment = it->environment;
    out.args.insert(out.args.begin(), it->args.begin(), it->args.end());
    out.command = it->command;
    out.files = {it->file, it->environment_file};
  }
  return out;
}

pid_t number_in(const std::string& path) {
  auto text = os::read_file(path, 64);
  return text ? static_cast<pid_t>(parse_int(trim(*text)).value_or(0)) : 0;
}

// The process that has the data directory, 0 if none. Its number is in the file; whether it lives, the kernel tells.
pid_t running(const Layout& layout) {
  pid_t pid = number_in(layout.lock_file());
  return pid > 0 && ::kill(pid, 0) == 0 ? pid : 0;
}

Result<client::RemoteOptions> way_to_server(const Options& options, const Layout& layout, const std::string& command) {
  auto identity = os::read_file(layout.agent_dir() + "/identity.json", 1 << 20);
  if (command == "agent" || (command.empty() && identity)) {
    if (!identity) return Error(Reason::kServiceUnavailable, "this machine has not joined a server yet");
    Json joined = TRY(json::parse_json(*identity));
    client::RemoteOptions remote;
    remote.server = options.text("server");
    while (ends_with(remote.server, "/")) remote.server.pop_back();
    remote.tls.ca_pem = json::str(joined, "serverCA");
    remote.tls.cert_pem = json::str(joined, "clientCertificate");
    remote.tls.key_pem = json::str(joined, "clientKey");
    return remote;
  }
  kubeconfig::Overrides overrides;
  overrides.kubeconfig = options.text("write-kubeconfig");
  auto config = TRY(kubeconfig::ClientConfig(overrides, kubeconfig::Environment::of_process()).rest_config());
  client::RemoteOptions remote;
  remote.server = config.server;
  remote.tls = config.tls;
  remote.bearer_token = config.bearer_token;
  return remote;
}

// What is not as it should be yet; nothing: ready.
Status look(const Options& options, const Layout& layout, const std::string& command, pid_t pid, const Clock& clock) {
  if (number_in(layout.ready_file()) != pid) return Error(Reason::kServiceUnavailable, "skerry (process " + std::to_string(pid) + ") is still starting");
  auto remote = TRY(way_to_server(options, layout, command));
  remote.timeout = std::chrono::seconds(5);
  client::RemoteClient client(remote, clock);
  if (command == "server" && options.flag("disable-agent")) {
    TRY(client.list(api::kNamespaces));
    return {};
  }
  const std::string name = node_name(options);
  auto node = TRY(client.get(api::kNodes, "", name));
  const Json object = node->json();
  for (const Json& c : json::array_or_empty(json::find(object, {"status", "conditions"}))) {
    if (json::str(c, "type") != "Ready") continue;
    if (json::str(c, "status") == "True") return {};
    return Error(Reason::kServiceUnavailable, "node " + name + " is not Ready: " + json::str(c, "message"));
  }
  return Error(Reason::kServiceUnavailable, "node " + name + " has not told its state yet");
}

// When a process began, as the clock of the files has it; 0 if that cannot be told.
double began(pid_t pid) {
  const uint64_t ticks = os::process_start_time(pid);  // since boot
  timespec boot{}, wall{};
  if (ticks == 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0 || clock_gettime(CLOCK_REALTIME, &wall) != 0) return 0;
  auto seconds = [](const timespec& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9; };
  return seconds(wall) - seconds(boot) + static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Does the process run this executable, with the service's files as they are?
bool is_current(pid_t pid, const std::vector<std::string>& files) {
  struct stat runs {}, own {};
  if (::stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &runs) != 0 || ::stat("/proc/self/exe", &own) != 0) return false;
  if (runs.st_dev != own.st_dev || runs.st_ino != own.st_ino) return false;
  for (const std::string& file : files) {
    struct stat st {};
    if (!file.empty() && ::stat(file.c_str(), &st) == 0 && static_cast<double>(st.st_mtim.tv_sec) + static_cast<double>(st.st_mtim.tv_nsec) / 1e9 > began(pid) + 0.02)
      return false;
  }
  return true;
}

int fail(const std::string& message, int code) {
  std::cerr << "skerry ready: " << message << "\n";
  return code;
}

}  // namespace

int run_ready(const Args& args) {
  auto asked = ask(args);
  Options options(all_options());
  Status loaded = asked ? options.load(asked->args, asked->environment) : Status(asked.error());
  if (loaded && options.help_wanted()) {
    std::cout << "Waits until this machine's node is Ready, or the API answers where there is no node.\n\n"
                 "Usage: skerry ready [--timeout SECONDS] [--service NAME | FLAGS of the server or agent]\n"
                 "       skerry ready --current ...   asks whether what runs is this executable and the service's files as they are\n\n"
                 "Exit code: 0 ready, 1 not ready in time, 2 called wrongly, 3 skerry does not run, 4 it is not current.\n";
    return 0;
  }
  if (!loaded) return fail(loaded.error().message, 2);
  // The process has read these, too.
  const std::string config = options.text("config");
  asked->files.push_back(config);
  if (auto drop_ins = os::list_directory(config + ".d"))
    for (const std::string& name : *drop_ins) asked->files.push_back(config + ".d/" + name);
  const Layout layout = layout_of(options);
  SystemClock clock;
  const auto begin = std::chrono::steady_clock::now();
  pid_t first = 0;
  for (;;) {
    const auto waited = std::chrono::steady_clock::now() - begin;
    const bool last = waited >= asked->timeout;
    const pid_t pid = running(layout);
    // A service manager starts it again and again: the first end is as good as the tenth.
    if (first != 0 && pid != first) return fail("skerry has ended", kNotRunning);
    if (pid == 0) {
      if (last || waited >= kNoProcess) return fail("skerry does not run", kNotRunning);
    } else {
      first = pid;
      if (asked->current) return is_current(pid, asked->files) ? 0 : fail("what runs is not what is installed", kNotCurrent);
      Status state = look(options, layout, asked->command, pid, clock);
      if (state) {
        std::cout << (asked->command == "server" && options.flag("disable-agent") ? "the API answers" : "node " + node_name(options) + " is Ready") << "\n";
        return 0;
      }
      if (last) return fail(state.error().message, 1);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace skerry::app
