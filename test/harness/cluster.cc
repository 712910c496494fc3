#include "../harness/cluster.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "../harness/leftovers.h"

namespace skerry::test {
namespace {

int g_counter = 0;

std::string base36(unsigned v, size_t width) {
  std::string out(width, '0');
  for (size_t i = width; i-- > 0; v /= 36) out[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
  return out;
}

void ip_tool(const std::vector<std::string>& args) {
  std::vector<std::string> argv{"ip"};
  argv.insert(argv.end(), args.begin(), args.end());
  Output o = run(argv);
  if (o.code != 0) FAIL("ip: " << o.err);
}

// Which of these the failing test's reader wants to see: the end of the log.
void show_log(const std::string& path) {
  std::string text = read_file(path);
  std::cerr << "---- " << path << " (end)\n" << (text.size() > 6000 ? text.substr(text.size() - 6000) : text) << "----\n";
}

}  // namespace

bool can_run_nodes() {
  static const bool can = [] {
    if (geteuid() != 0) {
      std::cout << "skipped: nodes need root\n";
      return false;
    }
    const std::string probe = "skt-" + std::to_string(getpid()) + "-probe";  // of this program: others may run beside it
    if (run({"ip", "netns", "add", probe}).code != 0) {
      std::cout << "skipped: no network namespaces here\n";
      return false;
    }
    run({"ip", "netns", "del", probe});
    return true;
  }();
  return can;
}

Lan::Lan() {
  netns_ = "skt-" + std::to_string(getpid()) + "-lan" + std::to_string(g_counter++);
  dir_ = claim_folder(netns_, "");
  ip_tool({"netns", "add", netns_});
  ip_tool({"-n", netns_, "link", "set", "lo", "up"});
  ip_tool({"-n", netns_, "link", "add", "br0", "type", "bridge"});
  ip_tool({"-n", netns_, "addr", "add", "10.99.0.1/24", "dev", "br0"});
  ip_tool({"-n", netns_, "link", "set", "br0", "up"});
}

Lan::~Lan() {
  run({"ip", "netns", "del", netns_});
  std::error_code ec;
  std::filesystem::remove_all(dir_, ec);
}

std::string Lan::plug(const std::string& machine) {
  int n = next_++;
  std::string port = "p" + std::to_string(n), address = "10.99.0." + std::to_string(n);
  ip_tool({"-n", netns_, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", machine});
  ip_tool({"-n", netns_, "link", "set", port, "master", "br0", "up"});
  ip_tool({"-n", machine, "link", "set", "lo", "up"});
  ip_tool({"-n", machine, "addr", "add", address + "/24", "dev", "eth0"});
  ip_tool({"-n", machine, "link", "set", "eth0", "up"});
  ip_tool({"-n", machine, "route", "add", "default", "via", "10.99.0.1"});
  return address;
}

void Lan::unplug(const std::string& machine) { run({"ip", "-n", machine, "link", "del", "eth0"}); }

Machine::Machine(Lan& lan, std::string name) : lan_(lan), name_(std::move(name)) {
  unsigned id = static_cast<unsigned>(getpid()) * 8 + static_cast<unsigned>(g_counter++);
  instance_ = "t" + base36(id % (36 * 36 * 36), 3);
  netns_ = "skt-" + std::to_string(getpid()) + "-" + instance_;
  dir_ = claim_folder(netns_, instance_);
  ip_tool({"netns", "add", netns_});
  ip_ = lan_.plug(netns_);
  std::filesystem::create_directories(dir_ + "/etc");
  write_file(dir_ + "/etc/resolv.conf", "nameserver 10.99.0.1\n");
}

Machine::~Machine() {
  if (process_ && process_->running()) {
    process_->signal(SIGTERM);
    process_->wait();
  }
  process_.reset();
  Output o = skerry({"killall"});
  if (o.code != 0) std::cerr << "killall of " << name_ << ": " << o.err << "\n";
  if (std::uncaught_exceptions() > 0 || getenv("SHOW_LOG") != nullptr) show_log(log_path());
  // Pods' namespaces are gone; what is left below would hold the folder.
  run({"ip", "netns", "del", netns_});
  std::error_code ec;
  std::filesystem::remove_all(dir_, ec);
}

std::vector<std::string> Machine::flags() const {
  return {"--data-dir",   data_dir(),     "--run-dir",     dir_ + "/run",           "--instance",
          instance_,      "--log-dir", dir_ + "/log",
          "--node-name",  name_,          "--node-ip",     ip_,                     "--resolv-conf",
          dir_ + "/etc/resolv.conf",      "--config",      dir_ + "/etc/config.yaml"};
}

namespace {
void ensure_config(const std::string& dir) {
  if (!std::filesystem::exists(dir + "/etc/config.yaml")) write_file(dir + "/etc/config.yaml", "");
}
}  // namespace

void Machine::start_server(std::vector<std::string> more) {
  ensure_config(dir_);
  std::vector<std::string> argv{test::skerry(), "server"};
  for (auto& f : flags()) argv.push_back(f);
  argv.insert(argv.end(), {"--write-kubeconfig", kubeconfig(), "--images-dir", std::filesystem::path(image("")).parent_path().string()});
  argv.insert(argv.end(), more.begin(), more.end());
  process_ = std::make_unique<Background>(argv, RunOptions{.input = {}, .env = {}, .netns = netns_}, log_path());
}

void Machine::start_agent(const std::string& url, const std::string& token, std::vector<std::string> more) {
  ensure_config(dir_);
  std::vector<std::string> argv{test::skerry(), "agent", "--server", url, "--token", token};
  for (auto& f : flags()) argv.push_back(f);
  argv.insert(argv.end(), {"--images-dir", std::filesystem::path(image("")).parent_path().string()});
  argv.insert(argv.end(), more.begin(), more.end());
  process_ = std::make_unique<Background>(argv, RunOptions{.input = {}, .env = {}, .netns = netns_}, log_path());
}

int Machine::stop() {
  process_->signal(SIGTERM);
  int code = process_->wait();
  process_.reset();
  return code;
}

void Machine::kill_hard() {
  process_->signal(SIGKILL);
  process_->wait();
  process_.reset();
}

void Machine::power_cut() {
  kill_hard();
  // What a power cut leaves: the disk. Processes, mounts and links are gone.
  Output o = skerry({"killall"});
  if (o.code != 0) FAIL("killall: " << o.err);
}

bool Machine::running() { return process_ && process_->running(); }

Output Machine::run(const std::vector<std::string>& argv, RunOptions options) const {
  options.netns = netns_;
  return test::run(argv, options);
}

Output Machine::skerry(std::vector<std::string> args) const {
  std::vector<std::string> argv{test::skerry()};
  argv.insert(argv.end(), args.begin(), args.end());
  argv.insert(argv.end(), {"--data-dir", data_dir(), "--run-dir", dir_ + "/run", "--instance", instance_});
  return run(argv, RunOptions{.input = {}, .env = {}, .netns = {}, .timeout = std::chrono::seconds(60)});
}

Cluster::Cluster(std::vector<std::string> server_flags) : server(lan, "node-1") {
  server.start_server(std::move(server_flags));
  wait_node("node-1");
  wait_for("the default service account", [&] { return kubectl({"get", "serviceaccount", "default"}).code == 0; });
}

Cluster::~Cluster() {
  if (std::uncaught_exceptions() > 0) {
    std::cerr << kubectl({"get", "pods,events", "-A", "-o", "wide"}).out << "\n";
    show_log(server.log_path());
  }
}

Output Cluster::kubectl(std::vector<std::string> args, RunOptions options, const std::string& version) {
  args.insert(args.begin(), tool("kubectl-" + version));
  options.env["KUBECONFIG"] = server.kubeconfig();
  options.env["HOME"] = server.dir();
  Output o = server.run(args, options);
  // kubectl 1.30 to 1.33 listen before they have made their streams (kubernetes/kubernetes#131203): on a busy machine they throw away what a
  // quick server says first, also how the command ended. They say so, and have lost it; only asking again helps.
  for (int i = 0; i < 5 && o.err.find("Unknown stream id") != std::string::npos; ++i) o = server.run(args, options);
  return o;
}

std::string Cluster::must(std::vector<std::string> args, RunOptions options) {
  Output o = kubectl(args, options);
  std::string line;
  for (auto& a : args) line += " " + a;
  if (o.code != 0) FAIL("kubectl" << line << ": exit " << o.code << "\n" << o.out << o.err);
  return o.out;
}

void Cluster::apply(const std::string& yaml) {
  RunOptions options;
  options.input = yaml;
  must({"apply", "-f", "-"}, options);
}

Json Cluster::get(const std::string& what, const std::string& name, const std::string& ns) {
  Output o = kubectl({"get", what, name, "-n", ns, "-o", "json", "--ignore-not-found"});
  if (o.code != 0 || o.out.empty()) return nullptr;
  return Json::parse(o.out);
}

std::string Cluster::jsonpath(const std::string& what, const std::string& path, const std::string& ns) {
  return kubectl({"get", what, "-n", ns, "-o", "jsonpath=" + path}).out;
}

void Cluster::wait_ready(const std::string& pod, const std::string& ns) {
  must({"wait", "--for=condition=Ready", "pod/" + pod, "-n", ns, "--timeout=60s"}, RunOptions{.input = {}, .env = {}, .netns = {}, .timeout = std::chrono::seconds(70)});
}

void Cluster::wait_deployment(const std::string& name, const std::string& ns) {
  must({"rollout", "status", "deployment/" + name, "-n", ns, "--timeout=90s"}, RunOptions{.input = {}, .env = {}, .netns = {}, .timeout = std::chrono::seconds(100)});
}

void Cluster::wait_node(const std::string& name) {
  wait_for("node " + name + " to be Ready", [&] {
    REQUIRE_MESSAGE(server.running(), "skerry has ended: " << read_file(server.log_path()));
    return jsonpath("node/" + name, "{.status.conditions[?(@.type==\"Ready\")].status}") == "True";
  });
}

std::string Cluster::token() {
  Output o = server.skerry({"token"});
  REQUIRE_MESSAGE(o.code == 0, o.err);
  while (!o.out.empty() && o.out.back() == '\n') o.out.pop_back();
  return o.out;
}

Cluster& shared_cluster() {
  static Cluster cluster;
  return cluster;
}

}  // namespace skerry::test
