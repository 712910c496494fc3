// Settings, completion and check-config of the real executable; no cluster.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "../harness/process.h"
#include "json/json.h"

using namespace skerry;
using namespace skerry::test;

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/skerry-test-config-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
    write_file(path + "/" + name, text);
    return path + "/" + name;
  }
  std::string path;
};

Output call(std::vector<std::string> args, std::map<std::string, std::string> env = {}) {
  args.insert(args.begin(), skerry::test::skerry());
  return run(args, RunOptions{.input = {}, .env = std::move(env), .netns = {}});
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a mistake in the configuration is named with its place, and nothing starts") {
  Folder f;
  const std::string config = f.write("config.yaml", "data-dir: " + f.path + "/data\ndisable-agnet: true\n");
  Output o = call({"server", "--config", config});
  CHECK(o.code == 2);
  CHECK(o.err == "skerry server: " + config + ":2: unknown setting \"disable-agnet\" (did you mean \"disable-agent\"?)\n");
  CHECK_FALSE(std::filesystem::exists(f.path + "/data"));
  f.write("config.yaml", "# Written by an installer. All settings stand in the annotated example.\n#data-dir: /x\n");
  const std::string drop_in = f.write("config.yaml.d/10.yaml", "max-pods: many\n");
  o = call({"server", "--config", config});
  CHECK(o.err == "skerry server: " + drop_in + ":1: max-pods is a number, not \"many\"\n");
  o = call({"agent", "--config", "/dev/null"}, {{"SKERRY_KUBELET_PORT", "ssh"}});
  CHECK(o.code == 2);
  CHECK(o.err == "skerry agent: SKERRY_KUBELET_PORT: kubelet-port is a number, not \"ssh\"\n");
  o = call({"servre"});
  CHECK(o.code == 2);
  CHECK(contains(o.err, "skerry: unknown command \"servre\" (did you mean \"server\"?)"));
}

TEST_CASE("help is grouped") {
  Output o = call({"server", "--help"});
  CHECK(o.code == 0);
  size_t at = 0;
  for (const char* heading : {"\nGeneral:\n", "\nJoining:\n", "\nAPI server:\n", "\nCluster network:\n", "\nNode:\n", "\nImages and registries:\n"}) {
    size_t next = o.out.find(heading);
    CHECK_MESSAGE(next != std::string::npos, heading);
    CHECK(next > at);
    at = next;
  }
  CHECK(contains(o.out, "--service-proxy auto|ebpf|nftables"));
}

TEST_CASE("completion: bash asks the executable") {
  Folder f;
  // What bash does at TAB: the line, its words broken also at "=" and ":", and then COMPREPLY.
  const std::string script = f.write("try.sh", R"(. <("$SKERRY_UNDER_TEST" completion bash)
try() {
  COMP_LINE=$1; COMP_POINT=${#1}; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _skerry
  echo "${COMPREPLY[*]}"
}
S=$SKERRY_UNDER_TEST
try "$S ag" "$S" ag
try "$S server --https" "$S" server --https
try "$S server --service-proxy=" "$S" server --service-proxy =
try "$S server --service-proxy=nf" "$S" server --service-proxy = nf
try "$S completion " "$S" completion ""
try "$S server --config=$1/na" "$S" server --config = "$1/na"
try "$S server -d $1/" "$S" server -d "$1/"
)");
  f.write("name.yaml", "");
  std::filesystem::create_directories(f.path + "/folder");
  Output o = run({"bash", "--norc", script, f.path}, RunOptions{.input = {}, .env = {{"SKERRY_UNDER_TEST", skerry::test::skerry()}}, .netns = {}});
  CHECK_MESSAGE(o.code == 0, o.err);
  CHECK(o.out == "agent\n--https-listen-port\nauto ebpf nftables\nnftables\nbash zsh fish\n" + f.path + "/name.yaml\n" + f.path + "/folder\n");
  for (const char* shell : {"zsh", "fish"}) {
    Output script = call({"completion", shell});
    CHECK(script.code == 0);
    CHECK(contains(script.out, "__complete"));
  }
  CHECK(call({"completion", "tcsh"}).code == 2);
  CHECK(call({"__complete", "server", "--service-proxy", "e"}).out == "ebpf\n:4\n");
}

TEST_CASE("check-config: exits with 1 only for what stops it, says what is wrong and how to mend it") {
  Folder f;
  std::filesystem::permissions(f.path, std::filesystem::perms::all);
  const std::vector<std::string> where = {"--config", "/dev/null", "--data-dir", f.path + "/data", "--run-dir", f.path + "/run", "--node-ip", "192.0.2.7", "--node-name", "n",
                                          "--https-listen-port", "0", "--kubelet-port", "0"};
  auto check = [&](std::vector<std::string> before, std::vector<std::string> args) {
    before.insert(before.end(), {skerry::test::skerry(), "check-config"});
    before.insert(before.end(), where.begin(), where.end());
    before.insert(before.end(), args.begin(), args.end());
    return run(before);
  };
  Output alone = check({}, {"--disable-agent"});
  CHECK_MESSAGE(alone.code == 0, alone.out);
  CHECK(contains(alone.out, "  ok        data directory             " + f.path + "/data\n"));
  CHECK_FALSE(contains(alone.out, "overlay"));

  Output json = check({}, {"--output", "json"});
  Json found = Json::parse(json.out);
  CHECK(json.code == (found["stops"] > 0 ? 1 : 0));
  CHECK(found["checks"].size() > 25);
  for (auto& c : found["checks"])
    if (c["state"] != "ok") CHECK_FALSE(c["remedy"].get<std::string>().empty());
  CHECK(std::filesystem::is_empty(f.path));

  if (geteuid() == 0) {
    // Without any right: everything that fails is told, nothing crashes.
    Output nobody = check({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"}, {});
    CHECK(nobody.code == 1);
    CHECK(contains(nobody.out, "missing   privileges                 not root, but user 65534\n              stops Skerry: pods cannot be started\n              to mend it: run Skerry as root"));
    CHECK(contains(nobody.out, "missing   pod links"));
    CHECK(contains(nobody.out, "stop Skerry here."));
    // Ports that somebody has, and a firewall that drops.
    Output taken = check({"unshare", "-n", "sh", "-c", "ip link set lo up; python3 -m http.server -b 127.0.0.1 6443 >/dev/null 2>&1 & "
                          "for i in $(seq 100); do curl -so /dev/null http://127.0.0.1:6443 && break; sleep 0.05; done; \"$@\"; code=$?; kill %1; exit $code", "sh"}, {"--https-listen-port", "6443"});
    CHECK(taken.code == 1);
    CHECK(contains(taken.out, "missing   ports                      port 6443: Address already in use (another Kubernetes?)"));
    // A file system that is no place for it, and settings that cannot be changed.
    Output odd = check({"unshare", "-m", "sh", "-c", "mount -t tmpfs -o noexec,size=20m none " + f.path + " && mount --bind -o ro /proc/sys /proc/sys && "
                        "mount -o remount,bind,ro /proc/sys && exec \"$@\"", "sh"}, {});
    CHECK(odd.code == 1);
    CHECK(contains(odd.out, "missing   disk space"));
    CHECK(contains(odd.out, "missing   executables                " + f.path + " is mounted noexec"));
    CHECK(contains(odd.out, "degraded  durable disk               tmpfs on " + f.path + ": all is lost with a reboot"));
  }

  // It runs whatever the configuration file holds.
  Output broken = call({"check-config", "--disable-agent", "--https-listen-port", "0", "--data-dir", f.path + "/data", "--config", f.write("broken.yaml", "nonsense: 1\n")});
  CHECK(broken.code == 0);
  CHECK(contains(broken.err, "warning: " + f.path + "/broken.yaml:1: unknown setting \"nonsense\""));
}
