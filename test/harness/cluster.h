// Machines and clusters for tests: the real executable in network namespaces that stand for hosts.
//
// A Lan is a namespace with a bridge; each Machine is a namespace with a veth to it, an address 10.99.0.N, and folders
// of its own, so that several run beside each other and beside a Skerry of the host. Everything is gone when the
// objects are: `skerry killall`, namespaces, folders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "json/json.h"
#include "../harness/process.h"

namespace skerry::test {

// False (and a printed reason) where network namespaces cannot be made: not root, or no kernel support.
bool can_run_nodes();

class Lan {
 public:
  Lan();
  ~Lan();
  const std::string& netns() const { return netns_; }
  std::string address() const { return "10.99.0.1"; }
  std::string plug(const std::string& machine_netns);  // gives the machine's address
  void unplug(const std::string& machine_netns);

 private:
  std::string netns_, dir_;
  int next_ = 10;
};

class Machine {
 public:
  Machine(Lan& lan, std::string name);
  ~Machine();

  void start_server(std::vector<std::string> more = {});
  void start_agent(const std::string& server_url, const std::string& token, std::vector<std::string> more = {});
  // SIGTERM and wait; returns the exit code. Pods stay.
  int stop();
  void kill_hard();         // SIGKILL to skerry only
  void power_cut();         // SIGKILL to skerry and to every process of its pods
  bool running();
  Background& process() { return *process_; }

  const std::string& name() const { return name_; }
  const std::string& netns() const { return netns_; }
  const std::string& ip() const { return ip_; }
  const std::string& dir() const { return dir_; }
  const std::string& instance() const { return instance_; }
  std::string data_dir() const { return dir_ + "/data"; }
  std::string log_path() const { return dir_ + "/skerry.log"; }
  std::string kubeconfig() const { return dir_ + "/kubeconfig"; }
  // Runs a program in the machine's network.
  Output run(const std::vector<std::string>& argv, RunOptions options = {}) const;
  // The executable, with this machine's folders: `skerry("token")`.
  Output skerry(std::vector<std::string> args) const;

 private:
  std::vector<std::string> flags() const;
  Lan& lan_;
  const std::string name_;
  std::string netns_, ip_, dir_, instance_;
  std::unique_ptr<Background> process_;
};

// One server with a node, ready to use.
class Cluster {
 public:
  explicit Cluster(std::vector<std::string> server_flags = {});
  ~Cluster();

  Lan lan;
  Machine server;

  // kubectl against the server; `version`: "1.32" or "1.20".
  Output kubectl(std::vector<std::string> args, RunOptions options = {}, const std::string& version = "1.32");
  // The same, and the test fails unless it succeeds; its output.
  std::string must(std::vector<std::string> args, RunOptions options = {});
  void apply(const std::string& yaml);
  Json get(const std::string& what, const std::string& name, const std::string& ns = "default");  // null if absent
  std::string jsonpath(const std::string& what, const std::string& path, const std::string& ns = "default");
  void wait_ready(const std::string& pod, const std::string& ns = "default");
  void wait_deployment(const std::string& name, const std::string& ns = "default");
  void wait_node(const std::string& name);
  std::string token();
};

// One cluster for all cases of a program, made when first asked for and taken down at exit.
Cluster& shared_cluster();

}  // namespace skerry::test
