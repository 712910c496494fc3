#include "os/cgroup.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "os/device_filter.h"
#include "os/files.h"
#include "os/process.h"

using namespace skerry;
using os::Cgroups;

TEST_CASE("cgroups: the layout is read from mountinfo") {
  const char* v2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
  Cgroups pure("skerry-x", v2);
  CHECK(pure.layout() == Cgroups::Layout::kV2);
  CHECK(pure.directory("memory", "a/b") == "/sys/fs/cgroup/skerry-x/a/b");
  CHECK(pure.oom_file("a") == "/sys/fs/cgroup/skerry-x/a/memory.events");
  const char* hybrid =
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "35 31 0:32 / /mnt/again rw - cgroup cgroup rw,memory\n"
      "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  Cgroups both("skerry-x", hybrid);
  CHECK(both.layout() == Cgroups::Layout::kHybrid);
  CHECK(both.hierarchies().size() == 3);
  CHECK(both.directory("cpuacct", "") == "/sys/fs/cgroup/cpu,cpuacct/skerry-x");
  CHECK(both.directory("", "g") == "/sys/fs/cgroup/unified/skerry-x/g");
  CHECK(both.directory("pids", "g").empty());
  CHECK(both.oom_file("g") == "/sys/fs/cgroup/memory/skerry-x/g/memory.oom_control");
  CHECK(Cgroups("x", "").layout() == Cgroups::Layout::kNone);
}

TEST_CASE("cgroups: numbers are converted as the kernel expects them") {
  CHECK(os::cpu_weight(2) == 1);
  CHECK(os::cpu_weight(1024) == 39);
  CHECK(os::cpu_weight(262144) == 10000);
  CHECK(os::parse_oom_kills("low 0\nhigh 0\noom 3\noom_kill 2\noom_group_kill 1\n") == 2);
  CHECK(os::parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n") == 1);
  CHECK(os::parse_oom_kills("") == 0);
}

TEST_CASE("cgroups: a process that made groups of its own is found below its container's") {
  CHECK(os::path_below("0::/skerry-x/kubepods/podu/c1/init/deep\n", "c1") == "/init/deep");
  CHECK(os::path_below("4:memory:/c1/wrong\n0::/skerry-x/kubepods/podu/c1/init\n", "c1") == "/init");
  CHECK(os::path_below("0::/skerry-x/kubepods/podu/c1\n", "c1") == "");
  CHECK(os::path_below("0::/elsewhere\n", "c1") == "");
  CHECK(os::path_below("", "c1") == "");
  // Hybrid, or a group that has given nothing away: the group itself.
  CHECK(os::procs_file_beside("/nowhere/c1/cgroup.procs", getpid()) == "/nowhere/c1/cgroup.procs");
}

TEST_CASE("cgroups: a group is made, entered, counted, killed and removed") {
  auto cgroups = Cgroups::detect("skerry-ostest" + std::to_string(getpid()));
  if (geteuid() != 0 || !cgroups) {
    MESSAGE("skipped: " << (geteuid() != 0 ? "not root" : cgroups.error().message));
    return;
  }
  REQUIRE(cgroups->create("a/b"));
  CHECK(cgroups->set_limits("a/b", {100, 50000, 100000, 64 << 20, 20}));
  os::SpawnOptions sleeper;
  sleeper.argv = {"/bin/sleep", "1000"};
  auto pid = os::spawn(sleeper);
  REQUIRE(pid);
  REQUIRE(cgroups->attach("a/b", *pid));
  CHECK(cgroups->processes("") == std::vector<pid_t>{*pid});
  CHECK(cgroups->stats("a")->pids == 1);
  // While a process is in it the group stays.
  CHECK_FALSE(cgroups->remove(""));
  // A zombie is no process of the group any more, but somebody must reap it.
  CHECK(cgroups->kill_all("a"));
  CHECK(os::wait_for(*pid).value_or(0) == 137);
  CHECK(cgroups->remove(""));
  CHECK(cgroups->remove(""));
}

TEST_CASE("device filter: what no rule allows is refused") {
  auto cgroups = Cgroups::detect("skerry-devtest" + std::to_string(getpid()));
  if (geteuid() != 0 || !cgroups || cgroups->directory("", "g").empty()) {
    MESSAGE("skipped: needs root and a cgroup v2 hierarchy");
    return;
  }
  REQUIRE(cgroups->create("g"));
  Status attached = os::attach_device_filter(cgroups->directory("", "g"), {"c 1:3 rwm", "c 1:5 r", "c 136:* rwm"});
  REQUIRE_MESSAGE(attached, attached.error().message);
  CHECK_FALSE(os::attach_device_filter(cgroups->directory("", "g"), {"nonsense"}));
  pid_t pid = fork();
  if (pid == 0) {
    if (!cgroups->attach("g", getpid())) _exit(9);
    auto opens = [](const char* path, int flags) { return open(path, flags) >= 0; };
    bool right = opens("/dev/null", O_RDWR) && opens("/dev/zero", O_RDONLY) && !opens("/dev/zero", O_RDWR) && !opens("/dev/urandom", O_RDONLY);
    _exit(right ? 0 : 1);
  }
  CHECK(os::wait_for(pid).value_or(-1) == 0);
  CHECK(cgroups->remove(""));
}
