// For this folder's tests: a runtime that can do nothing, of which a test overrides what it needs.
#pragma once

#include "runtime/runtime.h"

namespace skerry::agent {

class UnusedRuntime : public runtime::Runtime {
 public:
  static Error none() { return internal_error("not part of this test"); }
  void on_change(ChangeHandler) override {}
  Result<runtime::SandboxInfo> run_sandbox(const runtime::SandboxConfig&) override { return none(); }
  Status set_sandbox_ips(const std::string&, const std::vector<std::string>&) override { return none(); }
  Status update_pod_resources(const std::string&, const runtime::Resources&) override { return none(); }
  Status stop_sandbox(const std::string&) override { return none(); }
  Status remove_sandbox(const std::string&) override { return none(); }
  std::vector<runtime::SandboxInfo> list_sandboxes() override { return {}; }
  Result<std::string> create_container(const std::string&, const runtime::ContainerConfig&) override { return none(); }
  Status start_container(const std::string&) override { return none(); }
  Status stop_container(const std::string&, std::chrono::milliseconds) override { return none(); }
  Status signal_container(const std::string&) override { return none(); }
  Status remove_container(const std::string&) override { return none(); }
  std::vector<runtime::ContainerInfo> list_containers() override { return {}; }
  std::vector<runtime::ContainerInfo> pod_containers(const std::string&) override { return {}; }
  Result<runtime::ContainerInfo> container(const std::string&) override { return none(); }
  Status reopen_log(const std::string&) override { return none(); }
  Result<runtime::Stats> container_stats(const std::string&) override { return none(); }
  Result<runtime::Stats> pod_stats(const std::string&) override { return none(); }
  Result<runtime::ExecResult> exec_sync(const std::string&, const std::vector<std::string>&, std::chrono::milliseconds) override { return none(); }
  Result<std::unique_ptr<runtime::Session>> exec(const std::string&, const std::vector<std::string>&, bool, bool, bool, bool, runtime::TerminalSize) override {
    return none();
  }
  Result<std::unique_ptr<runtime::Session>> attach(const std::string&, bool, bool, bool) override { return none(); }
  Result<int> dial(const std::string&, uint16_t) override { return none(); }
  Result<runtime::ImageInfo> pull_image(const std::string&, const std::vector<runtime::RegistryAuth>&) override { return none(); }
  Result<std::optional<runtime::ImageInfo>> find_image(const std::string&) override { return none(); }
  std::vector<runtime::ImageInfo> list_images() override { return {}; }
  Status remove_image(const std::string&) override { return none(); }
  Status pin_images(const std::set<std::string>&) override { return none(); }
  Result<std::vector<runtime::ImageInfo>> import_images(const std::string&) override { return none(); }
};

}  // namespace skerry::agent
