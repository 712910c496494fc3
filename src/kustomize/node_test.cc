#include "kustomize/node.h"

#include <doctest/doctest.h>

#include "kustomize/merge.h"
#include "kustomize/regex.h"
#include "kustomize/replacements.h"

using namespace skerry;
using namespace skerry::kustomize;

namespace {

Node node(std::string_view yaml) {
  auto nodes = parse_nodes(yaml);
  REQUIRE(nodes);
  REQUIRE(nodes->size() == 1);
  return nodes->front();
}

std::string merged(std::string_view object, std::string_view patch) {
  Node out = node(object);
  Status done = strategic_merge(out, node(patch));
  return done ? json::dump(to_json(out)) : done.error().message;
}

}  // namespace

TEST_CASE("kustomize node: plain scalars are what Go's yaml.v3 reads") {
  struct Case {
    const char* text;
    Json value;
  };
  const Case cases[] = {{"1", 1}, {"-1", -1}, {"+3", 3}, {"0755", 493}, {"0o755", 493}, {"0xff", 255}, {"0b101", 5}, {"1_000", 1000}, {"08", 8},
                        {"1.5", 1.5}, {"1.0", 1}, {"1e3", 1000}, {".5", 0.5}, {"1.", 1}, {"true", true}, {"False", false}, {"null", nullptr}, {"~", nullptr},
                        {"yes", "yes"}, {"on", "on"}, {"y", "y"}, {"1.2.3", "1.2.3"}, {"0x", "0x"}, {"1e", "1e"}, {"18446744073709551615", 18446744073709551615ull},
                        {"2001-01-01", "2001-01-01T00:00:00Z"}, {"2001-01-01 10:00:00", "2001-01-01T10:00:00Z"}, {"2001-13-01", "2001-13-01"}, {"\"1\"", "1"}, {"'~'", "~"}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    Node n = node("a: " + std::string(c.text));
    CHECK(to_json(*n.find("a")) == c.value);
  }
}

TEST_CASE("kustomize node: scalars keep how they were written; a written null differs from none") {
  Node n = node("a: 1.10\nb: null\nc:\nd: ~\ne: [null, ~, x]\n");
  CHECK(n.find("a")->value == "1.10");
  CHECK(n.find("b")->value == "null");
  CHECK(n.find("c")->value.empty());
  CHECK(n.find("d")->value == "~");
  CHECK(n.find("e")->items[0].value == "null");
}

TEST_CASE("kustomize node: merge keys and duplicate keys") {
  CHECK(to_json(node("x: &a {p: 1, q: 2}\ny: {<<: *a, q: 3}\n"))["y"] == Json({{"p", 1}, {"q", 3}}));
  CHECK(!parse_nodes("a: 1\na: 2\n"));
  auto last = parse_nodes("a: 1\na: 2\n", Duplicates::kLastWins);
  REQUIRE(last);
  CHECK(to_json(last->at(0)) == Json({{"a", 2}}));
}

TEST_CASE("kustomize merge: what a patch adds comes first, unknown kinds' lists are replaced, nulls remove") {
  CHECK(merged("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}, {name: b, image: x}]}}", "{spec: {containers: [{name: c}, {name: b, image: y}]}}") ==
        R"({"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"c"},{"image":"y","name":"b"},{"name":"a"}]}})");
  CHECK(merged("{apiVersion: x/v1, kind: Foo, spec: {list: [{name: a}], m: {a: 1, b: 2}}}", "{spec: {list: [{name: b}], m: {a: null}}}") ==
        R"({"apiVersion":"x/v1","kind":"Foo","spec":{"list":[{"name":"b"}],"m":{"b":2}}})");
  CHECK(merged("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}, {name: b}]}}", "{spec: {containers: [{name: a, $patch: delete}]}}") ==
        R"({"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"b"}]}})");
  CHECK(merged("{apiVersion: v1, kind: Pod}", "{$patch: delete}") == "null");
  CHECK(merged("{apiVersion: v1, kind: Pod, spec: {a: [1]}}", "{spec: {a: {b: c}}}") == "wrong node kind: expected SequenceNode but got MappingNode: node contents:\n{b: c}\n");
}

TEST_CASE("kustomize regex: Go's common syntax") {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {{"^(?:web.*)$", "web-1", true}, {"^(?:web.*)$", "my-web", false}, {"a|b", "xbx", true}, {"^(?:a|b)$", "ab", false}, {"^a{2,3}$", "aa", true},
                        {"^a{2,3}$", "aaaa", false}, {"^a{2}$", "aa", true}, {"^a{2,}$", "a", false}, {"[a-c]+x", "zabcx", true}, {"^[^a-c]$", "d", true}, {"^[^a-c]$", "b", false},
                        {"\\d+", "a1", true}, {"^\\w+$", "a_1", true}, {"^\\.$", ".", true}, {"^\\.$", "x", false}, {"(?i)ABC", "xabcx", true}, {"^$", "", true}, {"", "x", true},
                        {"^(a(b)?)+$", "abaab", true}, {"^a+?$", "aaa", true}, {"[[:digit:]]", "5", true}, {"^[]a]$", "]", true}, {"a{x", "a{x", true}, {"^x*$", "", true}};
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    auto regex = Regex::compile(c.pattern);
    REQUIRE(regex);
    CHECK(regex->search(c.text) == c.matches);
  }
  for (const char* wrong : {"(", "(a", "a)", "[", "[a", "*", "a**", "\\", "[z-a]", "a{5,2}", "(((((((a{1000}){1000}){1000}){1000})))", "(?P<x"}) {
    CAPTURE(wrong);
    CHECK(!Regex::compile(wrong));
  }
  CHECK(Regex::compile("^(?:(()$").error().message == "error parsing regexp: missing closing ): `^(?:(()$`");
}

TEST_CASE("kustomize replacements: paths") {
  using List = std::vector<std::string>;
  CHECK(split_field_path("spec.a.[name=x.y].b") == List{"spec", "a", "[name=x.y]", "b"});
  CHECK(split_field_path("metadata.annotations.a\\.b/c") == List{"metadata", "annotations", "a.b/c"});
}
