// Session: one run of a kubectl command: its flags and words, where it reads and writes, and, made when first asked for,
// the configuration, the server and what the server offers.
//
// Errors. Commands return Errors; main shows them as kubectl does:
//   - Errors of the server carry code != 0: "Error from server (NotFound): pods \"x\" not found", "The Deployment \"x\" is
//     invalid: ...";
//   - all others: "error: <message>";
//   - usage_error(): "error: <message>\nSee 'kubectl get -h' for help and examples";
//   - a command that goes on after a failure shows each with Session::fail() and ends with exit code 1.
// Not thread-safe unless said otherwise.
#pragma once

#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/result.h"
#include "kubectl/command.h"
#include "kubectl/flags.h"
#include "kubectl/mapping.h"
#include "kubectl/rest.h"

namespace skerry::kubeconfig {
struct RestConfig;
}

namespace skerry::kubectl {

class Discovery;
class Objects;

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

class Session {
 public:
  // `path` is "kubectl rollout status".
  Session(const Command& command, std::string path, Flags flags, Streams streams);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Command& command;
  const std::string path;
  const Flags flags;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const std::vector<std::string>& words() const { return flags.words(); }
  bool out_is_terminal() const;

  // The namespace commands act in: --namespace, else the context's, else "default".
  Result<std::string> ns();
  // Was --namespace given, so that objects of other namespaces in files are refused?
  bool ns_enforced() const { return flags.changed("namespace"); }

  Result<const kubeconfig::RestConfig*> rest_config();
  Result<RestClient*> rest();
  Result<Discovery*> discovery();
  // Reads and writes of objects; thin over rest().
  Result<Objects*> objects();

  // Shows the error on err, as described above; the run ends with exit code 1 (unless a command returns another).
  void fail(const Error& error);
  // Several at once, as kubectl shows what it gathered: more than one come without "error: ".
  void fail(const std::vector<Error>& errors);
  bool failed() const { return failed_; }
  // "Warning: text" on err.
  void warn(std::string_view text);
  // How many warnings the server sent.
  int warnings_received() const { return warnings_received_; }

 private:
  struct Lazy;
  std::unique_ptr<Lazy> lazy_;
  bool failed_ = false;
  int warnings_received_ = 0;
};

// $KUBECACHEDIR, or ~/.kube/cache; empty without a home.
std::string default_cache_dir();

// A call that makes no sense: shown with a pointer to --help.
Error usage_error(std::string message);
bool is_usage_error(const Error& error);
// A local failure, shown as "error: <message>".
Error plain_error(std::string message);
// What to print for it, with the trailing newline.
std::string error_text(const Error& error, std::string_view command_path);
// As kubectl adds where an object came from: "error when creating \"x.yaml\": ...".
Error with_source(Error error, std::string_view doing, std::string_view source);

}  // namespace skerry::kubectl
