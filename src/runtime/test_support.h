// For this folder's tests: tar archives made in memory, an image from the host's static busybox, a runtime of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/local_runtime.h"

namespace skerry::runtime::testing {

struct TarEntry {
  std::string path;
  char type = '0';  // as in tar: '0' file, '1' hard link, '2' symlink, '3' character device, '5' directory
  std::string data;  // content or link target
  unsigned mode = 0644, uid = 0, gid = 0;
};
std::string make_tar(const std::vector<TarEntry>& entries);

// A docker archive of one image.
struct TestImage {
  std::vector<std::string> layers;  // tars
  std::string config = "{}";        // the "config" object
  std::string tag;
};
std::string make_docker_archive(const TestImage& image);

// busybox with links for its usual programs, a passwd file and a user "app" (1000:1001, in group 2000).
std::string busybox_layer();

// A directory of its own and a runtime on it, both gone at the end, with all that ran.
class TestRuntime {
 public:
  TestRuntime();
  ~TestRuntime();
  // Why tests that run containers cannot run here; empty if they can.
  static std::string unavailable();

  Runtime& operator*() { return *runtime; }
  Runtime* operator->() { return runtime.get(); }
  void restart();  // as if skerry had been killed: another object adopts
  SandboxConfig sandbox(const std::string& name) const;
  ContainerConfig container(const std::vector<std::string>& command) const;
  // Creates and starts; the id.
  std::string run(const std::string& sandbox_id, const ContainerConfig& config);
  ContainerInfo wait_exit(const std::string& id);
  std::string log(const ContainerConfig& config, const std::string& pod = "pod") const;

  std::string directory;
  RuntimeOptions options;
  SystemClock clock;
  std::string image_id;
  std::unique_ptr<Runtime> runtime;
};

}  // namespace skerry::runtime::testing
