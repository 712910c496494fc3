#include "runtime/local_runtime.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "os/cgroup.h"
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

TEST_CASE("runtime: what the image says is used unless the pod says otherwise") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  ContainerConfig plain = rt.container({});
  rt.wait_exit(rt.run(sandbox, plain));
  CHECK(rt.log(plain) == "stdout F from-image\n");
  ContainerConfig other = rt.container({});
  other.args = {"/bin/sh", "-c", "echo $FROM_IMAGE $MINE $HOSTNAME; pwd; id"};
  other.env = {{"MINE", "2"}, {"FROM_IMAGE", "over"}};
  other.working_dir = "/made/for/it";
  other.user.name = "app";
  other.user.supplemental_groups = {3000};
  rt.wait_exit(rt.run(sandbox, other));
  CHECK(rt.log(other) == "stdout F over 2 pod\nstdout F /made/for/it\n"
                         "stdout F uid=1000(app) gid=1001(app) groups=1001(app),2000(extra),3000\n");
  ContainerConfig number = rt.container({"/bin/sh", "-c", "id -u; id -g; touch /x"});
  number.user.uid = 4711;
  number.user.gid = 4712;
  number.read_only_rootfs = true;
  CHECK(rt.wait_exit(rt.run(sandbox, number)).exit_code == 1);
  CHECK(rt.log(number).find("stdout F 4711\nstdout F 4712\n") == 0);
  CHECK(rt.log(number).find("Read-only file system") != std::string::npos);
}

TEST_CASE("runtime: isolation is as Kubernetes promises it") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  ContainerConfig c = rt.container({"/bin/sh", "-c",
      "echo pid $$; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status; mount -t tmpfs x /tmp; echo mount $?; unshare -m true; "
      "echo unshare $?; mknod /tmp/d b 254 0 && dd if=/tmp/d of=/dev/null count=1; echo dd $?; cat /proc/kcore | wc -c; "
      "echo 1 > /proc/sys/kernel/sysrq; echo sysctl $?; ls /sys/fs/cgroup; touch /sys/x; echo sys $?; ip link | grep -c lo"});
  c.no_new_privileges = true;
  c.seccomp.type = Seccomp::Type::kRuntimeDefault;
  c.drop_capabilities = {"NET_RAW"};
  rt.wait_exit(rt.run(sandbox, c));
  std::string log = rt.log(c);
  CAPTURE(log);
  CHECK(log.find("pid 1\n") != std::string::npos);
  CHECK(log.find("CapEff:\t00000000a80405fb\n") != std::string::npos);
  CHECK(log.find("NoNewPrivs:\t1\n") != std::string::npos);
  CHECK(log.find("Seccomp:\t2\n") != std::string::npos);
  CHECK(log.find("mount 0\n") == std::string::npos);
  CHECK(log.find("unshare 0\n") == std::string::npos);
  CHECK(log.find("dd 0\n") == std::string::npos);
  CHECK(log.find("sysctl 1\n") != std::string::npos);
  CHECK(log.find("sys 1\n") != std::string::npos);
  CHECK(log.find("stdout F 0\n") != std::string::npos);  // kcore is empty
  ContainerConfig privileged = rt.container({"/bin/sh", "-c", "mount -t tmpfs x /tmp; echo mount $?; ls /dev | wc -l"});
  privileged.privileged = true;
  rt.wait_exit(rt.run(sandbox, privileged));
  CHECK(rt.log(privileged).find("mount 0\n") != std::string::npos);
}

TEST_CASE("runtime: containers of a pod share network, IPC and host name, not processes, unless asked") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  SandboxConfig config = rt.sandbox("pod");
  config.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "80"}, {"kernel.shm_rmid_forced", "1"}};
  auto sandbox = rt->run_sandbox(config);
  REQUIRE_MESSAGE(sandbox, sandbox.error().message);
  CHECK(os::is_mount_point(sandbox->netns_path));
  ContainerConfig server = rt.container({"/bin/sh", "-c", "echo shared > /dev/shm/f; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo answer | nc -l -p 8080"});
  std::string server_id = rt.run(sandbox->id, server);
  ContainerConfig client = rt.container({"/bin/sh", "-c", "i=0; while ! grep shared /dev/shm/f && test $i -lt 1000; do i=$((i+1)); sleep 0.05; done; ps | grep -c '[n]c -l'"});
  rt.wait_exit(rt.run(sandbox->id, client));
  CHECK(rt.log(client).find("stdout F shared\nstdout F 0\n") != std::string::npos);
  // The server's port is inside the pod's namespace: dial reaches it.
  int fd = -1;
  for (int i = 0; i < 3000 && fd < 0; ++i) {
    auto dialled = rt->dial(sandbox->id, 8080);
    if (dialled) fd = *dialled;
    else poll(nullptr, 0, 20);
  }
  REQUIRE(fd >= 0);
  char text[16] = {};
  CHECK(recv(fd, text, sizeof text - 1, MSG_WAITALL) == 7);
  CHECK(std::string(text) == "answer\n");
  close(fd);
  CHECK(rt.wait_exit(server_id).exit_code == 0);
  CHECK(rt.log(server) == "stdout F 80\n");

  SandboxConfig shared_config = rt.sandbox("shared");
  shared_config.share_process_namespace = true;
  auto shared = rt->run_sandbox(shared_config);
  REQUIRE_MESSAGE(shared, shared.error().message);
  rt.run(shared->id, rt.container({"/bin/sleep", "1000"}));
  ContainerConfig looker = rt.container({"/bin/sh", "-c", "ps | grep -c '[s]leep 1000'; echo me $$"});
  rt.wait_exit(rt.run(shared->id, looker));
  CHECK(rt.log(looker, "shared").find("stdout F 1\n") == 0);
  CHECK(rt.log(looker, "shared").find("me 1\n") == std::string::npos);
}

TEST_CASE("runtime: limits hold, and a container killed for memory says so") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  ContainerConfig c = rt.container({"/bin/sh", "-c", "dd if=/dev/zero of=/dev/null bs=100M count=1; echo not reached"});
  c.command = {"/bin/sh", "-c", "exec dd if=/dev/zero of=/dev/null bs=100M count=1"};
  c.resources.memory_limit_bytes = 16 << 20;
  c.resources.cpu_shares = 102;
  c.resources.cpu_quota_us = 50000;
  c.resources.pids_limit = 50;
  ContainerInfo info = rt.wait_exit(rt.run(sandbox, c));
  CHECK(info.exit_code == 137);
  CHECK(info.reason == "OOMKilled");
  ContainerConfig fits = rt.container({"/bin/sh", "-c", "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/memory.max 2>/dev/null; sleep 100"});
  fits.resources = c.resources;
  std::string id = rt.run(sandbox, fits);
  auto stats = rt->container_stats(id);
  REQUIRE_MESSAGE(stats, stats.error().message);
  CHECK(stats->memory_usage_bytes > 0);
  CHECK(stats->memory_usage_bytes <= 16 << 20);
  CHECK(rt->pod_stats(sandbox)->memory_usage_bytes >= stats->memory_usage_bytes);
  for (int i = 0; i < 12000 && rt.log(fits).empty(); ++i) poll(nullptr, 0, 5);  // it has started; it prints a little later
  CHECK_MESSAGE(rt.log(fits).find("stdout F 16777216\n") != std::string::npos, rt.log(fits));
}

TEST_CASE("runtime: stop sends the signal, waits, then kills") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  ContainerConfig polite = rt.container({"/bin/sh", "-c", "trap 'echo bye; exit 7' USR1; echo ready; while :; do sleep 0.02; done"});
  polite.stop_signal = "SIGUSR1";
  std::string id = rt.run(sandbox, polite);
  while (rt.log(polite).empty()) poll(nullptr, 0, 5);
  CHECK(rt->stop_container(id, std::chrono::seconds(60)));
  CHECK(rt->container(id)->exit_code == 7);
  CHECK(rt->stop_container(id, std::chrono::seconds(60)));
  ContainerConfig stubborn = rt.container({"/bin/sleep", "1000"});  // process 1 without a handler ignores SIGTERM
  id = rt.run(sandbox, stubborn);
  CHECK(rt->signal_container(id));
  CHECK(rt->stop_container(id, std::chrono::milliseconds(100)));
  CHECK(rt->container(id)->exit_code == 137);
  CHECK(rt->remove_container(id));
  CHECK_FALSE(rt->container(id));
}

TEST_CASE("runtime: a command that does not exist is a StartError with code 128") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  auto id = rt->create_container(sandbox, rt.container({"/bin/nothing"}));
  REQUIRE(id);
  Status started = rt->start_container(*id);
  REQUIRE_FALSE(started);
  CHECK(started.error().message.find("/bin/nothing") != std::string::npos);
  ContainerInfo info = *rt->container(*id);
  CHECK(info.state == ContainerState::kExited);
  CHECK(info.exit_code == 128);
  CHECK(info.reason == "StartError");
  rt.restart();
  CHECK(rt->container(*id)->reason == "StartError");
  auto unknown = rt.container({"/bin/true"});
  unknown.user.name = "nobody-here";
  CHECK_FALSE(rt->create_container(sandbox, unknown));
}

TEST_CASE("runtime: exec returns output and code, ends at its timeout, and works on a terminal") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  std::string id = rt.run(sandbox, rt.container({"/bin/sleep", "1000"}));
  auto result = rt->exec_sync(id, {"/bin/sh", "-c", "echo out; echo err >&2; exit 5"}, std::chrono::seconds(60));
  REQUIRE_MESSAGE(result, result.error().message);
  CHECK(result->exit_code == 5);
  CHECK(result->out == "out\n");
  CHECK(result->err == "err\n");
  auto late = rt->exec_sync(id, {"/bin/sleep", "777"}, std::chrono::milliseconds(200));
  REQUIRE_FALSE(late);
  CHECK(late.error().is(Reason::kTimeout));
  bool gone = false;
  for (int i = 0; i < 1000 && !gone; ++i) {
    gone = rt->exec_sync(id, {"/bin/sh", "-c", "ps | grep -c '[s]leep 777'"}, std::chrono::seconds(60))->out == "0\n";
    if (!gone) poll(nullptr, 0, 20);
  }
  CHECK(gone);
  auto missing = rt->exec_sync(id, {"/bin/nothing"}, std::chrono::seconds(60));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.find("nothing") != std::string::npos);

  auto cat = rt->exec(id, {"/bin/cat"}, true, true, true, false);
  REQUIRE_MESSAGE(cat, cat.error().message);
  CHECK(write((*cat)->stdin_fd(), "through", 7) == 7);
  (*cat)->close_stdin();
  char text[256] = {};
  CHECK(read((*cat)->stdout_fd(), text, sizeof text) == 7);
  CHECK(std::string(text) == "through");
  CHECK((*cat)->wait().value_or(-1) == 0);

  auto shell = rt->exec(id, {"/bin/sh", "-c", "stty size; read x; stty size; exit 9"}, true, true, false, true);
  REQUIRE_MESSAGE(shell, shell.error().message);
  (*shell)->resize(123, 45);
  CHECK(write((*shell)->stdin_fd(), "go\n", 3) == 3);
  std::string seen;
  for (ssize_t n; (n = read((*shell)->stdout_fd(), text, sizeof text)) > 0;) seen.append(text, n);
  CHECK(seen.find("45 123") != std::string::npos);
  CHECK((*shell)->wait().value_or(-1) == 9);
}

TEST_CASE("runtime: attach gives the container's input and a copy of its output") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  std::string sandbox = rt->run_sandbox(rt.sandbox("pod"))->id;
  ContainerConfig c = rt.container({"/bin/sh", "-c", "while read line; do echo got $line; done; echo eof"});
  c.stdin_open = c.stdin_once = true;
  std::string id = rt.run(sandbox, c);
  {
    auto session = rt->attach(id, true, true, true);
    REQUIRE_MESSAGE(session, session.error().message);
    CHECK(write((*session)->stdin_fd(), "a\n", 2) == 2);
    char text[64] = {};
    CHECK(read((*session)->stdout_fd(), text, sizeof text) == 6);
    CHECK(std::string(text) == "got a\n");
  }
  CHECK(rt.wait_exit(id).exit_code == 0);  // stdinOnce: the end of the first attach is the end of its input
  CHECK(rt.log(c) == "stdout F got a\nstdout F eof\n");

  // Also when only the input ends: the output is read on, to the exit code.
  for (bool once : {true, false}) {
    CAPTURE(once);
    ContainerConfig counter = rt.container({"/bin/sh", "-c", "cat; echo eof; exit 5"});
    counter.name = once ? "once" : "again";
    counter.log_path = counter.name + ".log";
    counter.stdin_open = true;
    counter.stdin_once = once;
    id = rt.run(sandbox, counter);
    auto session = rt->attach(id, true, true, true);
    REQUIRE_MESSAGE(session, session.error().message);
    CHECK(write((*session)->stdin_fd(), "b\n", 2) == 2);
    (*session)->close_stdin();
    if (!once) {  // stays open for who comes next
      auto next = rt->attach(id, true, false, false);
      REQUIRE_MESSAGE(next, next.error().message);
      CHECK(write((*next)->stdin_fd(), "c\n", 2) == 2);
      char text[16] = {};
      size_t have = 0;
      while (have < 4) {
        ssize_t n = read((*session)->stdout_fd(), text + have, sizeof text - have);
        REQUIRE(n > 0);
        have += static_cast<size_t>(n);
      }
      CHECK(std::string(text) == "b\nc\n");
      CHECK(rt->container(id)->state == ContainerState::kRunning);
      CHECK(rt->stop_container(id, std::chrono::milliseconds(0)));
      continue;
    }
    CHECK((*session)->wait().value_or(-1) == 5);
    CHECK(rt.log(counter) == "stdout F b\nstdout F eof\n");
  }

  ContainerConfig terminal = rt.container({"/bin/sh", "-c", "read x; stty size; exit 4"});
  terminal.stdin_open = terminal.tty = true;
  id = rt.run(sandbox, terminal);
  auto session = rt->attach(id, true, true, false);
  REQUIRE_MESSAGE(session, session.error().message);
  (*session)->resize(99, 33);
  CHECK(write((*session)->stdin_fd(), "go\n", 3) == 3);
  CHECK((*session)->wait().value_or(-1) == 4);
  CHECK(rt.log(terminal).find("33 99") != std::string::npos);
}

TEST_CASE("runtime: containers survive their runtime, and nothing that happens meanwhile is lost") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  auto sandbox = rt->run_sandbox(rt.sandbox("pod"));
  ContainerConfig stays = rt.container({"/bin/sh", "-c", "while ! test -e /dev/shm/go; do sleep 0.02; done; echo went; exit 6"});
  std::string stays_id = rt.run(sandbox->id, stays);
  ContainerConfig ends = rt.container({"/bin/sh", "-c", "trap 'echo done; exit 2' USR1; echo ready; while :; do sleep 0.02; done"});
  std::string ends_id = rt.run(sandbox->id, ends);
  while (rt.log(ends).empty()) poll(nullptr, 0, 5);
  const pid_t ending = rt->container(ends_id)->pid;
  REQUIRE(ending > 0);
  CHECK(rt->set_sandbox_ips(sandbox->id, {"10.0.0.7"}));
  rt.runtime.reset();
  REQUIRE(kill(ending, SIGUSR1) == 0);
  while (kill(ending, 0) == 0) poll(nullptr, 0, 5);
  rt.restart();
  CHECK(rt->list_sandboxes()[0].state == SandboxState::kReady);
  CHECK(rt->list_sandboxes()[0].ip == "10.0.0.7");
  CHECK(rt.wait_exit(ends_id).exit_code == 2);
  CHECK(rt.log(ends) == "stdout F ready\nstdout F done\n");
  REQUIRE(rt->container(stays_id)->state == ContainerState::kRunning);
  std::atomic<int> changes{0};
  rt->on_change([&](const std::string& uid) { changes += uid == "uid-pod"; });
  CHECK(rt->exec_sync(stays_id, {"/bin/touch", "/dev/shm/go"}, std::chrono::seconds(60)));
  CHECK(rt.wait_exit(stays_id).exit_code == 6);
  CHECK(rt->pod_containers("uid-pod").size() == 2);
  for (int i = 0; i < 12000 && changes == 0; ++i) poll(nullptr, 0, 5);
  CHECK(changes > 0);
}

TEST_CASE("runtime: when a shim is killed its containers end and the sandbox is not ready") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  auto sandbox = rt->run_sandbox(rt.sandbox("pod"));
  std::string id = rt.run(sandbox->id, rt.container({"/bin/sleep", "1000"}));
  os::Cgroups cgroups = *os::Cgroups::detect(root_cgroup(rt.options.instance));
  for (pid_t pid : cgroups.processes("shims")) kill(pid, SIGKILL);
  CHECK(rt.wait_exit(id).exit_code == 137);
  CHECK(rt->list_sandboxes()[0].state == SandboxState::kNotReady);
  CHECK(cgroups.processes("kubepods").empty());
  CHECK(rt->remove_sandbox(sandbox->id));
}

TEST_CASE("runtime: log files are reopened after rotation") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  auto sandbox = rt->run_sandbox(rt.sandbox("pod"));
  ContainerConfig c = rt.container({"/bin/sh", "-c", "echo one; while ! test -e /dev/shm/go; do sleep 0.02; done; echo two"});
  std::string id = rt.run(sandbox->id, c);
  std::string path = rt.directory + "/logs/pod/" + c.log_path;
  while (rt.log(c).empty()) poll(nullptr, 0, 5);
  CHECK(os::rename_file(path, path + ".old"));
  CHECK(rt->reopen_log(id));
  CHECK(rt->exec_sync(id, {"/bin/touch", "/dev/shm/go"}, std::chrono::seconds(60)));
  rt.wait_exit(id);
  CHECK(rt.log(c) == "stdout F two\n");
}

TEST_CASE("runtime: remove_everything leaves nothing of an instance") {
  SKIP_WITHOUT_ROOT();
  TestRuntime rt;
  auto sandbox = rt->run_sandbox(rt.sandbox("pod"));
  rt.run(sandbox->id, rt.container({"/bin/sleep", "1000"}));
  rt.runtime.reset();
  CHECK(remove_everything(rt.options));
  auto mounts = os::list_mounts();
  for (const auto& mount : *mounts) CHECK(mount.mount_point.find(rt.directory) == std::string::npos);
  CHECK_FALSE(os::exists(os::Cgroups::detect(root_cgroup(rt.options.instance))->directory("memory", "")));
  CHECK(remove_everything(rt.options));
}
