#include "kubectl/main.h"

#include <doctest/doctest.h>

#include <functional>
#include <sstream>

#include "base/strings.h"
#include "kubectl/globals.h"

using namespace skerry;
using namespace skerry::kubectl;

namespace {

struct Ran {
  int code;
  std::string out, err;
};
Ran run(const std::vector<std::string>& args, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  int code = run_kubectl(args, {in, out, err});
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("kubectl: commands are found behind global flags") {
  auto f = find_command({"-n", "x", "--context=c", "rollout", "--request-timeout", "5s", "status", "deploy/web"}, "kubectl");
  REQUIRE(f.command);
  CHECK(f.path == "kubectl rollout status");
  CHECK(f.args == std::vector<std::string>{"-n", "x", "--context=c", "--request-timeout", "5s", "deploy/web"});
  CHECK(find_command({"-o", "yaml", "get", "pods"}, "kubectl").path == "kubectl get");
  CHECK(find_command({"create", "cm", "x"}, "kubectl").path == "kubectl create configmap");
  CHECK(find_command({"nosuch"}, "kubectl").unknown == "nosuch");
}

TEST_CASE("kubectl: mistakes on the command line end with 1 and say where help is") {
  auto r = run({"get", "--foo"});
  CHECK(r.code == 1);
  CHECK(r.err == "error: unknown flag: --foo\nSee 'kubectl get --help' for usage.\n");
  r = run({"gett"});
  CHECK(r.code == 1);
  CHECK(r.err.find("error: unknown command \"gett\" for \"kubectl\"") == 0);
  CHECK(r.err.find("get\n") != std::string::npos);
}

TEST_CASE("kubectl: a file that is no object of its kind is an error, whatever the command does with it") {
  for (const char* command : {"annotate -f - --local a=b -o yaml", "label -f - --local a=b -o yaml", "set env -f - --local A=b -o yaml", "set image -f - --local a=b -o yaml"}) {
    CAPTURE(command);
    std::vector<std::string> args;
    for (auto word : split(command, ' ')) args.emplace_back(word);
    auto r = run(args, R"({"apiVersion":"v1","kind":"Pod","metadata":"oops"})");
    CHECK(r.code == 1);
    CHECK_MESSAGE(r.err.starts_with("error: "), r.err);
  }
}

TEST_CASE("kubectl: every command has help with what it is for, and flags have explanations") {
  std::vector<std::pair<const Command*, std::string>> all;
  std::function<void(const Command*, std::string)> walk = [&](const Command* c, std::string path) {
    path += " " + std::string(c->name());
    all.emplace_back(c, path);
    for (auto* child : c->children) walk(child, path);
  };
  for (auto& group : command_groups())
    for (auto* c : group.commands) walk(c, "");
  for (auto& [c, path] : all) {
    if (c->hidden || c->raw_args) continue;
    CAPTURE(path);
    std::vector<std::string> args;
    for (auto word : split(std::string_view(path).substr(1), ' ')) args.emplace_back(word);
    args.push_back("--help");
    auto r = run(args);
    CHECK(r.code == 0);
    CHECK(r.err.empty());
    CHECK(r.out.find("Usage:\n  kubectl" + path) != std::string::npos);
    CHECK(!c->brief.empty());
    CHECK_MESSAGE(!c->examples.empty(), path, " has no examples");
    std::vector<Flag> flags = c->flags ? c->flags() : std::vector<Flag>{};
    for (size_t i = 0; i < flags.size(); ++i) {
      CHECK_MESSAGE(!flags[i].help.empty(), path, " --", flags[i].name);
      for (size_t k = 0; k < i; ++k) {
        CHECK_MESSAGE(flags[i].name != flags[k].name, path, " has --", flags[i].name, " twice");
        if (flags[i].letter) CHECK_MESSAGE(flags[i].letter != flags[k].letter, path, " has -", flags[i].letter, " twice");
      }
    }
  }
  CHECK(all.size() > 60);
}

TEST_CASE("kubectl: errors are shown as the stock client shows them") {
  Error e(Reason::kNotFound, "pods \"x\" not found");
  e.code = 404;
  CHECK(error_text(e, "kubectl get") == "Error from server (NotFound): pods \"x\" not found\n");
  CHECK(error_text(plain_error("no"), "kubectl get") == "error: no\n");
  CHECK(error_text(usage_error("no"), "kubectl get") == "error: no\nSee 'kubectl get -h' for help and examples\n");
  Error invalid(Reason::kInvalid, "long text");
  invalid.code = 422;
  auto details = std::make_shared<ErrorDetails>();
  details->kind = "Pod";
  details->name = "x";
  details->causes = {{"FieldValueInvalid", "must not", "spec.a"}};
  invalid.details = details;
  CHECK(error_text(invalid, "kubectl") == "The Pod \"x\" is invalid: spec.a: must not\n");
  details->causes.push_back({"FieldValueRequired", "is needed", "spec.b"});
  CHECK(error_text(invalid, "kubectl") == "The Pod \"x\" is invalid: \n* spec.a: must not\n* spec.b: is needed\n");
}

TEST_CASE("kubectl: generators without a server") {
  auto r = run({"create", "configmap", "c", "--from-literal=a=b", "--dry-run=client", "-o", "yaml", "--kubeconfig=/dev/null", "-n", "x"});
  CHECK(r.code == 0);
  CHECK(r.out == "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: x\n");
  r = run({"create", "configmap"});
  CHECK(r.code == 1);
  CHECK(r.err == "error: exactly one NAME is required, got 0\nSee 'kubectl create configmap -h' for help and examples\n");
}
