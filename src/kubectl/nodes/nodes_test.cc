#include <doctest/doctest.h>

#include <sstream>

#include "kubectl/main.h"

using namespace skerry;
using namespace skerry::kubectl;

namespace {

// What is said of a command line that is refused before a server is asked.
std::string refused(std::vector<std::string> args) {
  std::istringstream in;
  std::ostringstream out, err;
  args.push_back("--kubeconfig=/dev/null");
  CHECK(run_kubectl(args, {in, out, err}) == 1);
  CHECK(out.str().empty());
  return err.str();
}

const std::string kTaintHelp = "\nSee 'kubectl taint -h' for help and examples\n";

}  // namespace

TEST_CASE("taint: what is no change of a taint is told in kubectl's words") {
  CHECK(refused({"taint"}) == "error: one or more resources must be specified as <resource> <name>\n");
  CHECK(refused({"taint", "node", "x"}) == "error: at least one taint update is required\n");
  CHECK(refused({"taint", "node", "a-", "x"}) == "error: all resources must be specified before taint changes: x\n");
  CHECK(refused({"taint", "node", "x", "a=b:Never"}) == "error: invalid taint effect: Never, unsupported taint effect" + kTaintHelp);
  CHECK(refused({"taint", "node", "x", "a=b:NoSchedule:x"}) == "error: invalid taint spec: a=b:NoSchedule:x" + kTaintHelp);
  CHECK(refused({"taint", "node", "x", "a=b=c:NoSchedule"}) == "error: invalid taint spec: a=b=c:NoSchedule" + kTaintHelp);
  CHECK(refused({"taint", "node", "x", "a"}) == "error: at least one taint update is required\n");
  CHECK(refused({"taint", "node", "x", "a:NoSchedule", "a=b:NoSchedule"}) ==
        "error: duplicated taints with the same key and effect: {a b NoSchedule <nil>}" + kTaintHelp);
  // A key that is no key, or has a value but no effect.
  for (std::string spec : {"a=b", "a=-", "a b:NoExecute"}) {
    std::string said = refused({"taint", "node", "x", spec});
    CAPTURE(said);
    CHECK(said.find("name part must consist of alphanumeric characters") != std::string::npos);
  }
  CHECK(refused({"taint", "node", "x", "a/b/c:NoExecute"}).find("with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')") != std::string::npos);
  CHECK(refused({"taint", "node", "x", "a=b c:NoExecute"}).find("a valid label must be an empty string") != std::string::npos);
}

TEST_CASE("cordon and drain: nodes by name or by label, not both; pods by labels that can be read") {
  CHECK(refused({"cordon"}) == "error: USAGE: cordon NODE [flags]\nSee 'kubectl cordon -h' for help and examples\n");
  CHECK(refused({"drain"}) == "error: USAGE: drain NODE [flags]\nSee 'kubectl drain -h' for help and examples\n");
  CHECK(refused({"uncordon", "x", "-l", "a=b"}) ==
        "error: cannot specify both a node name and a --selector option\nSee 'kubectl uncordon -h' for help and examples\n");
  CHECK(refused({"drain", "x", "--pod-selector=x y"}) == "error: --pod-selector=<pod_selector> must be a valid label selector\n");
}
