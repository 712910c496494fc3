#include "kubectl/suggest.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "kubectl/completion_scripts.h"

namespace skerry::kubectl {
namespace {

std::vector<std::string> texts(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (auto& w : suggest(words, "kubectl").words) out.push_back(w.text);
  return out;
}
using Strings = std::vector<std::string>;

TEST_CASE("suggest: commands and their subcommands, also behind flags") {
  CHECK(texts({"ge"}) == Strings{"get"});
  CHECK(texts({"top", ""}) == Strings{"node", "pod"});
  CHECK(texts({"-n", "x", "top", "n"}) == Strings{"node"});
  CHECK(texts({"auth", "who"}) == Strings{"whoami"});
  CHECK(texts({"help", "expl"}) == Strings{"explain"});
  auto all = texts({""});
  CHECK(std::find(all.begin(), all.end(), "options") == all.end());
  CHECK(std::find(all.begin(), all.end(), "help") != all.end());
  CHECK(texts({"nosuchcommand", ""}).empty());
}

TEST_CASE("suggest: flags, each once") {
  CHECK(texts({"delete", "pod", "--grace"}) == Strings{"--grace-period"});
  CHECK(texts({"delete", "--grace-period=1", "--grace"}).empty());
  CHECK(texts({"delete", "-f", "x", "--filen"}) == Strings{"--filename"});  // a list
  CHECK(texts({"get", "--hel"}) == Strings{"--help"});
}

TEST_CASE("suggest: values of flags") {
  CHECK(texts({"get", "pods", "-o", "ya"}) == Strings{"yaml"});
  CHECK(texts({"get", "pods", "--output=wi"}) == Strings{"wide"});
  CHECK(texts({"get", "pods", "-o=js"}) == Strings{"json", "jsonpath", "jsonpath-as-json", "jsonpath-file"});
  CHECK(texts({"api-resources", "--sort-by", ""}) == Strings{"name", "kind"});
  CHECK(texts({"get", "--watch=t"}) == Strings{"true"});
  auto files = suggest({"apply", "-f", ""}, "kubectl");
  CHECK(files.directive == kSuggestExtensions);
  CHECK(files.words.size() == 3);
  CHECK(suggest({"apply", "-k", ""}, "kubectl").directive == kSuggestDirectories);
  // Behind "--" nothing is a flag.
  CHECK(texts({"exec", "x", "--", "-"}).empty());
}

TEST_CASE("suggest: flags that have to be given come first, and alone among flags") {
  CHECK(texts({"run", ""}) == Strings{"--image"});
  CHECK(texts({"create", "cronjob", "--"}) == Strings{"--image", "--schedule"});
  CHECK(texts({"create", "cronjob", "--image=x", "--s"}) == Strings{"--schedule"});
  CHECK(texts({"scale", "-"}) == Strings{"--replicas"});
  CHECK(texts({"scale", "--replicas=1", "--replic"}).empty());
  auto types = texts({"scale", "--replicas", "1", "s"});
  CHECK(types == Strings{"statefulset"});
}

TEST_CASE("suggest: types of commands that are about some only") {
  CHECK(texts({"rollout", "status", "d"}) == Strings{"deployment", "daemonset"});
  CHECK(texts({"rollout", "pause", ""}) == Strings{"deployment"});
  CHECK(texts({"taint", ""}) == Strings{"node"});
  // Behind TYPE/NAME come more of that form.
  auto more = suggest({"expose", "deployment/x", "po"}, "kubectl");
  REQUIRE(more.words.size() == 1);
  CHECK(more.words[0].text == "pod/");
  CHECK(more.directive == (kSuggestNoFiles | kSuggestNoSpace));
}

TEST_CASE("suggest: a flag that does not exist ends it") {
  auto none = suggest({"get", "pods", "-c", ""}, "kubectl");
  CHECK(none.words.empty());
  CHECK(none.directive == kSuggestDefault);
  CHECK(none.note == "[Debug] [Error] Error while parsing flags from args [pods -c]: unknown shorthand flag: 'c' in -c");
}

TEST_CASE("suggest: the protocol") {
  std::ostringstream out, err;
  print_suggestions({{{"a", "b"}, {"c", ""}}, 4}, true, out, err);
  print_suggestions({{{"a", "b"}}, 0, "why"}, false, out, err);
  print_suggestions({{}, 6}, false, out, err);
  CHECK(out.str() == "a\tb\nc\n:4\na\n:0\n:6\n");
  CHECK(err.str() ==
        "Completion ended with directive: ShellCompDirectiveNoFileComp\n"
        "why\nCompletion ended with directive: ShellCompDirectiveDefault\n"
        "Completion ended with directive: ShellCompDirectiveNoSpace, ShellCompDirectiveNoFileComp\n");
}

TEST_CASE("completion scripts: for three shells") {
  for (auto shell : {"bash", "zsh", "fish"}) CHECK(completion_script(shell).find("__complete") != std::string_view::npos);
  CHECK(completion_script("tcsh").empty());
}

}  // namespace
}  // namespace skerry::kubectl
