#include "runtime/local_runtime.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "os/files.h"
#include "os/mounts.h"
#include "os/process.h"
#include "runtime/test_support.h"

using namespace skerry;
using namespace skerry::runtime;
using testing::TestRuntime;

#define SKIP_WITHOUT_ROOT()                                        \
  if (std::string why = TestRuntime::unavailable(); !why.empty()) { \
    MESSAGE("skipped: " << why);                                   \
    return;                                                        \
  }

TEST_CASE("runtime: a container runs, its output and exit code are recorded") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  auto sandbox = rt->run_sandbox(rt.sandbox("pod"));
  REQUIRE_MESSAGE(sandbox, sandbox.error().message);
  ContainerConfig config = rt.container({"/bin/sh", "-c", "echo hello; echo problem >&2; hostname; echo -n end; exit 3"});
  std::string id = rt.run(sandbox->id, config);
  ContainerInfo info = rt.wait_exit(id);
  CHECK(info.exit_code == 3);
  CHECK(info.reason == "Error");
  std::string log = rt.log(config);
  CHECK(log.find("stdout F hello\n") != std::string::npos);
  CHECK(log.find("stderr F problem\n") != std::string::npos);
  CHECK(log.find("stdout F pod\n") != std::string::npos);
  CHECK(log.find("stdout P end\n") != std::string::npos);
  CHECK(rt->remove_sandbox(sandbox->id));
  CHECK(rt->list_containers().empty());
  CHECK(rt->list_sandboxes().empty());
}
