#include "../harness/leftovers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "../harness/process.h"

namespace skerry::test {
namespace {

const std::string kPrefix = "/tmp/skerry-test-";

// Tells a process from a later one with the same number; empty: there is none.
std::string start_time(const std::string& pid) {
  std::string stat = read_file("/proc/" + pid + "/stat");
  size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream fields(stat.substr(name_end + 1));
  std::string field, state;
  fields >> state;
  if (state == "Z") return "";
  for (int i = 4; i <= 22; ++i) fields >> field;
  return field;
}

struct Owner {
  std::string pid, started, netns, instance, skerry;
};

void take_down(const std::string& folder, const Owner& o) {
  RunOptions there;
  there.timeout = std::chrono::seconds(60);
  if (std::filesystem::exists("/run/netns/" + o.netns)) there.netns = o.netns;
  if (!o.instance.empty())  // without its namespace the pods may still be there
    run({o.skerry, "killall", "--data-dir", folder + "/data", "--run-dir", folder + "/run", "--instance", o.instance}, there);
  run({"ip", "netns", "del", o.netns});
  std::error_code ec;
  std::filesystem::remove_all(folder, ec);
}

// Waits in the background until this process is dead, however it died.
void start_janitor() {
  int alive[2];
  if (pipe2(alive, O_CLOEXEC) != 0) return;
  pid_t pid = fork();
  if (pid != 0) {
    close(alive[0]);  // alive[1] stays open for as long as we live
    return;
  }
  setsid();
  for (int s : {SIGINT, SIGTERM, SIGHUP}) signal(s, SIG_IGN);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  close_range(3, static_cast<unsigned>(alive[0]) - 1, 0);
  close_range(static_cast<unsigned>(alive[0]) + 1, ~0u, 0);
  char byte;
  while (read(alive[0], &byte, 1) < 0) {
  }
  sweep_leftovers();
  _exit(0);
}

}  // namespace

std::string claim_folder(const std::string& netns, const std::string& instance) {
  static const bool once = [] {
    start_janitor();
    sweep_leftovers();
    return true;
  }();
  (void)once;
  std::string folder = kPrefix + "XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return "";
  std::string pid = std::to_string(getpid());
  write_file(folder + "/owner.new", pid + "\n" + start_time(pid) + "\n" + netns + "\n" + std::filesystem::absolute(skerry()).string() +
                                        "\n" + instance + "\n");
  std::filesystem::rename(folder + "/owner.new", folder + "/owner");
  return folder;
}

void sweep_leftovers() {
  int lock = open((kPrefix + "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) return;
  std::vector<std::string> folders;
  std::error_code ec;
  for (auto& entry : std::filesystem::directory_iterator("/tmp", ec))
    if (entry.path().string().starts_with(kPrefix) && std::filesystem::exists(entry.path() / "owner")) folders.push_back(entry.path());
  std::vector<std::pair<std::string, Owner>> dead;
  for (auto& folder : folders) {
    Owner o;
    std::ifstream in(folder + "/owner");
    for (std::string* s : {&o.pid, &o.started, &o.netns, &o.skerry, &o.instance}) std::getline(in, *s);
    if (!o.pid.empty() && !o.netns.empty() && start_time(o.pid) != o.started) dead.emplace_back(folder, o);
  }
  for (auto& [folder, owner] : dead) take_down(folder, owner);
  close(lock);
}

}  // namespace skerry::test
