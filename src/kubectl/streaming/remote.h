// run_remote(): a command in a container, or the container's own process, with its input, output and terminal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/channels.h"
#include "kubectl/rest.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// The event loop on which upgraded connections of one command live; ends with it.
class StreamLoop {
 public:
  static Result<std::unique_ptr<StreamLoop>> start();
  ~StreamLoop() { loop_->stop(); }
  const std::shared_ptr<http::EventLoop>& get() const { return loop_; }

 private:
  StreamLoop() : loop_(std::make_shared<http::EventLoop>()) {}
  std::shared_ptr<http::EventLoop> loop_;
};

struct RemoteCommand {
  std::string path;  // "/api/v1/namespaces/x/pods/y/exec"
  Query query{};     // container and command; stdin, stdout, stderr and tty are added
  bool out = true, err = true, tty = false;
  int in_fd = -1;    // read until its end and sent; -1: no stdin
  // With tty: the terminal whose size is told to the other side and that becomes raw while the command runs; -1: none.
  int terminal_fd = -1;
  bool redraw = false;  // tell a wrong size first, so that what runs there draws its screen again
  // Called on the caller's thread; false ends the session.
  std::function<bool(std::string_view)> on_out{}, on_err{};
};

// Blocks until the other side has ended. The command's exit code, or an Error: refused by the server (with `code`), the
// connection broke, or the command could not be run.
Result<int> run_remote(Session& session, const RemoteCommand& command);

// What a Status on the error channel means: the exit code (0 for success), or the Error it tells.
Result<int> outcome_of(std::string_view protocol, std::string_view error_channel);

// The Error of a refused upgrade, as client-go words it.
Error upgrade_error(int status, std::string_view body);

// The command ended with this code: says so on `err` as kubectl does, and returns it.
int finish_remote(Session& session, int exit_code);

// on_out and on_err that write to the session's streams at once.
std::function<bool(std::string_view)> writer_to(std::ostream& stream);

// Whether this variable of the environment turns a feature off ("false", "0").
bool turned_off(const char* variable);

}  // namespace skerry::kubectl
