// Running programs in a test: to the end, or in the background.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace skerry::test {

struct Output {
  int code = -1;  // exit code, 128 + signal, or -1 if it did not end in time and was killed
  std::string out, err;
};

struct RunOptions {
  std::string input;
  std::map<std::string, std::string> env;  // added to ours
  std::string netns;                       // /run/netns name; empty: ours
  std::chrono::seconds timeout{60};
};
Output run(const std::vector<std::string>& argv, const RunOptions& options = {});

// A program in the background; its output goes to `log`. Killed (SIGKILL) on destruction if it still runs.
class Background {
 public:
  Background(const std::vector<std::string>& argv, const RunOptions& options, const std::string& log);
  ~Background();
  Background(const Background&) = delete;
  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  // The exit code as in Output.
  int wait(std::chrono::seconds timeout = std::chrono::seconds(30));

 private:
  pid_t pid_ = -1;
  int code_ = -1;
};

// Asks until `condition` holds; fails the test (naming `what`) when it does not within `timeout`.
void wait_for(const std::string& what, const std::function<bool()>& condition,
              std::chrono::seconds timeout = std::chrono::seconds(60));

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);
std::string tool(const std::string& name);   // $TEST_TOOLS/bin/<name>
std::string image(const std::string& name);  // $TEST_TOOLS/images/<name>
std::string skerry();                        // $SKERRY

}  // namespace skerry::test
