#include "kubectl/flags.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::kubectl;

namespace {

std::vector<Flag> table() {
  using enum FlagType;
  return {
      {"output", 'o', kString, "", ""},
      {"all", 'A', kBool, "false", ""},
      {"watch", 'w', kBool, "false", ""},
      {"replicas", 0, kInt, "1", ""},
      {"timeout", 0, kDuration, "0s", ""},
      {"file", 'f', kStrings, "", ""},
      {"literal", 0, kArray, "", ""},
      {"dry-run", 0, kString, "none", "", "unchanged"},
      {"old", 0, kBool, "false", "", "", true, "use --new."},
  };
}

Flags parsed(const std::vector<std::string>& args) {
  Flags f(table());
  auto status = f.parse(args);
  REQUIRE(status.has_value());
  return f;
}

std::string refused(const std::vector<std::string>& args) {
  Flags f(table());
  auto status = f.parse(args);
  return status ? "" : status.error().message;
}

}  // namespace

TEST_CASE("flags: every way to write one, words in between, and the end of flags") {
  CHECK(parsed({"--output", "yaml"}).text("output") == "yaml");
  CHECK(parsed({"--output=yaml"}).text("output") == "yaml");
  CHECK(parsed({"-o", "yaml"}).text("output") == "yaml");
  CHECK(parsed({"-oyaml"}).text("output") == "yaml");
  CHECK(parsed({"-o=yaml"}).text("output") == "yaml");
  auto f = parsed({"pods", "-Awo", "wide", "web", "--", "-x", "--output=json"});
  CHECK(f.boolean("all"));
  CHECK(f.boolean("watch"));
  CHECK(f.text("output") == "wide");
  CHECK(f.words() == std::vector<std::string>{"pods", "web", "-x", "--output=json"});
  CHECK(f.words_before_dash() == 2);
  CHECK(parsed({"-"}).words() == std::vector<std::string>{"-"});
  CHECK(parsed({"a"}).words_before_dash() == -1);
}

TEST_CASE("flags: booleans take a value only with '=', others may stand alone where they say so") {
  CHECK(!parsed({"--all=false"}).boolean("all"));
  auto f = parsed({"--all", "false"});
  CHECK(f.boolean("all"));
  CHECK(f.words() == std::vector<std::string>{"false"});
  CHECK(parsed({"--dry-run"}).text("dry-run") == "unchanged");
  CHECK(parsed({"--dry-run", "client"}).words() == std::vector<std::string>{"client"});
  CHECK(parsed({"--dry-run=client"}).text("dry-run") == "client");
  CHECK(parsed({}).text("dry-run") == "none");
  CHECK(!parsed({}).changed("dry-run"));
}

TEST_CASE("flags: lists split at commas, arrays do not") {
  CHECK(parsed({"-f", "a,b", "-f", "c"}).list("file") == std::vector<std::string>{"a", "b", "c"});
  CHECK(parsed({"--literal", "a=1,2", "--literal=b"}).list("literal") == std::vector<std::string>{"a=1,2", "b"});
  CHECK(parsed({"-f", "\"a,b\",c"}).list("file") == std::vector<std::string>{"a,b", "c"});
}

TEST_CASE("flags: what is wrong is said as pflag says it") {
  CHECK(refused({"--foo"}) == "unknown flag: --foo");
  CHECK(refused({"-z"}) == "unknown shorthand flag: 'z' in -z");
  CHECK(refused({"-o"}) == "flag needs an argument: 'o' in -o");
  CHECK(refused({"--output"}) == "flag needs an argument: --output");
  CHECK(refused({"--replicas=x"}) == "invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax");
  CHECK(refused({"--all=maybe"}) == "invalid argument \"maybe\" for \"-A, --all\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax");
  CHECK(refused({"--=x"}) == "bad flag syntax: --=x");
  CHECK(parsed({"--old"}).warnings() == std::vector<std::string>{"Flag --old has been deprecated, use --new."});
}

TEST_CASE("flags: durations as Go has them") {
  using namespace std::chrono_literals;
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("1.5s").value() == 1500ms);
  CHECK(parse_duration("-2m").value() == -2min);
  CHECK(parse_duration("0").value() == 0s);
  for (auto bad : {"", "5", "x", "1x", "1s2", ".s"}) CHECK(!parse_duration(bad).has_value());
  for (auto text : {"0s", "1m0s", "5s", "1.5s", "1h0m0s", "20ms", "-1m30s"}) CHECK(format_duration(parse_duration(text).value()) == text);
}

TEST_CASE("flags: a number that is too large is told from what is no number") {
  CHECK(refused({"--replicas=99999999999999999999"}).ends_with("parsing \"99999999999999999999\": value out of range"));
  CHECK(refused({"--replicas=-99999999999999999999"}).ends_with("value out of range"));
  CHECK(refused({"--replicas=9x"}).ends_with("invalid syntax"));
  CHECK(refused({"--replicas=-"}).ends_with("invalid syntax"));
}
