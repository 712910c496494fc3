#include "kubectl/plugin.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "kubectl/main.h"

using namespace skerry;
using namespace skerry::kubectl;

namespace {

// A PATH of folders that are this test's own.
class Path {
 public:
  explicit Path(const std::vector<std::string>& folders) {
    char name[] = "/tmp/skerry-test-plugins-XXXXXX";
    REQUIRE(::mkdtemp(name));
    root_ = name;
    if (const char* path = std::getenv("PATH")) before_ = path;
    std::string path;
    for (auto& f : folders) path += (path.empty() ? "" : ":") + root_ + "/" + f;
    ::setenv("PATH", path.c_str(), 1);
  }
  ~Path() {
    if (before_) ::setenv("PATH", before_->c_str(), 1);
    else ::unsetenv("PATH");
    std::filesystem::remove_all(root_);
  }
  void add(const std::string& file, mode_t mode = 0755) {
    std::string path = root_ + "/" + file;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\n";
    ::chmod(path.c_str(), mode);
  }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("plugin list: all there are, with what keeps them from being used beside them") {
  Path path({"one", "nowhere", "two"});
  path.add("one/kubectl-hello");
  path.add("one/kubectl-create-thing");
  path.add("one/unrelated");
  path.add("two/kubectl-hello");
  path.add("two/kubectl-dead", 0644);
  std::filesystem::create_directories(path.root() + "/two/kubectl-folder");
  std::istringstream in;
  std::ostringstream out, err;
  CHECK(run_kubectl({"plugin", "list"}, {in, out, err}) == 1);
  const std::string& r = path.root();
  CHECK(out.str() == "The following compatible plugins are available:\n\n" + r + "/one/kubectl-create-thing\n" + r + "/one/kubectl-hello\n" + r +
                         "/two/kubectl-dead\n" + r + "/two/kubectl-hello\n");
  CHECK(err.str() == "  - warning: kubectl-create-thing overwrites existing command: \"kubectl create\"\n"
                     "Unable to read directory \"" + r + "/nowhere\" from your PATH: open " + r + "/nowhere: no such file or directory. Skipping...\n"
                     "  - warning: " + r + "/two/kubectl-dead identified as a kubectl plugin, but it is not executable\n"
                     "  - warning: " + r + "/two/kubectl-hello is overshadowed by a similarly named plugin: " + r + "/one/kubectl-hello\n"
                     "error: 3 plugin warnings were found\n");
  CHECK(plugin_words() == std::vector<std::string>{"create", "hello"});
}

TEST_CASE("plugins: none on the PATH, and flags before the name") {
  Path path({"one"});
  path.add("one/kubectl-dead", 0644);
  std::istringstream in;
  std::ostringstream out, err;
  CHECK(run_kubectl({"-n", "x", "dead"}, {in, out, err}) == 1);
  CHECK(err.str() == "Error: flags cannot be placed before plugin name: -n\n");
  CHECK_FALSE(run_plugin({"dead", "a"}, {in, out, err}));
}
