#include "kubectl/read/explain_schema.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {
namespace {

Json document() {
  return json::parse_json(R"({"components": {"schemas": {
    "io.ex.Foo": {"type": "object", "description": "Foo is a thing.", "required": ["spec"],
      "x-kubernetes-group-version-kind": [{"group": "ex.io", "version": "v1", "kind": "Foo"}],
      "properties": {
        "when": {"$ref": "#/components/schemas/meta.Time"},
        "metadata": {"allOf": [{"$ref": "#/components/schemas/meta.ObjectMeta"}], "description": "Standard metadata."},
        "spec": {"type": "object", "properties": {
          "mode": {"type": "string", "enum": ["Always", ""], "description": "The mode."},
          "list": {"type": "array", "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}},
          "limits": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/meta.Quantity"}},
          "again": {"$ref": "#/components/schemas/io.ex.Foo"}}}}},
    "meta.Time": {"type": "string", "format": "date-time"},
    "meta.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}], "description": "A number."},
    "meta.ObjectMeta": {"type": "object", "properties": {"name": {"type": "string"}}},
    "loop.A": {"$ref": "#/components/schemas/loop.B"},
    "loop.B": {"$ref": "#/components/schemas/loop.A", "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Loop"}]}
  }}})").value();
}

ExplainRequest foo(std::vector<std::string> path = {}, bool recursive = false) { return {"ex.io", "v1", "Foo", std::move(path), recursive}; }

TEST_CASE("explain: a kind, with its fields, their types and what is required") {
  CHECK(explain(document(), foo()).text ==
        "GROUP:      ex.io\nKIND:       Foo\nVERSION:    v1\n\n"
        "DESCRIPTION:\n    Foo is a thing.\n    \n"
        "FIELDS:\n"
        "  metadata\t<ObjectMeta>\n    Standard metadata.\n\n"
        "  spec\t<Object> -required-\n    <no description>\n\n"
        "  when\t<string>\n    <no description>\n\n\n");
}

TEST_CASE("explain: a field with a choice of values") {
  CHECK(explain(document(), foo({"spec", "mode"})).text ==
        "GROUP:      ex.io\nKIND:       Foo\nVERSION:    v1\n\nFIELD: mode <string>\nENUM:\n    Always\n    \"\"\n\nDESCRIPTION:\n    The mode.\n    \n\n");
}

TEST_CASE("explain: fields behind lists, maps and references are found; others are named, behind the heading") {
  CHECK(explain(document(), foo({"spec", "list", "a"})).text.find("FIELD: a <[]integer>") != std::string::npos);
  CHECK(explain(document(), foo({"spec", "limits"})).text.find("FIELD: limits <map[string]Quantity>\n\n\nDESCRIPTION:\n    A number.\n") != std::string::npos);
  CHECK(explain(document(), foo({"metadata", "name"})).status.has_value());
  auto missing = explain(document(), foo({"spec", "nope", "x"}));
  CHECK(missing.text == "GROUP:      ex.io\nKIND:       Foo\nVERSION:    v1\n\n");
  REQUIRE_FALSE(missing.status.has_value());
  CHECK(missing.status.error().message == "field \"x\" does not exist");
}

TEST_CASE("explain: --recursive opens a type within itself once") {
  std::string text = explain(document(), foo({}, true)).text;
  CHECK(text.find("    again\t<Foo>\n      metadata") != std::string::npos);
  CHECK(text.find("        again\t<Foo>\n        limits") != std::string::npos);
  CHECK(text.find("    mode\t<string>\n    enum: Always, \"\"\n") != std::string::npos);
}

TEST_CASE("explain: references in a circle end") {
  ExplainRequest loop{"", "v1", "Loop", {}, true};
  CHECK(explain(document(), loop).text.find("DESCRIPTION:\n    <empty>\n") != std::string::npos);
  CHECK(explain_old(document(), loop).text.find("<empty>") != std::string::npos);
  loop.path = {"x"};
  CHECK_FALSE(explain(document(), loop).status.has_value());
}

TEST_CASE("explain: schemas that lead to each other in ever more ways, and endless words, take bounded time") {
  // Every schema refers to the next one twice: 2^30 ways to the last.
  Json schemas = Json::object();
  for (int i = 0; i < 30; ++i) {
    const Json next = {{"$ref", "#/components/schemas/s" + std::to_string(i + 1)}};
    schemas["s" + std::to_string(i)] = {{"description", "d"}, {"items", {{"allOf", {next, next}}}}, {"additionalProperties", next}};
  }
  schemas["s0"]["x-kubernetes-group-version-kind"] = Json::array({{{"group", ""}, {"version", "v1"}, {"kind", "Wide"}}});
  const Json wide = {{"components", {{"schemas", schemas}}}};
  CHECK(explain(wide, {"", "v1", "Wide", {}, true}).text.starts_with("KIND:       Wide\n"));
  CHECK(explain_old(wide, {"", "v1", "Wide", {}, true}).text.starts_with("KIND:     Wide\n"));
  CHECK(wrap_words(std::string(1'000'000, 'x'), 76).size() == 1'000'000);
}

TEST_CASE("explain: the old layout") {
  CHECK(explain_old(document(), foo({"spec", "list"})).text ==
        "KIND:     Foo\nVERSION:  ex.io/v1\n\nRESOURCE: list <[]Object>\n\nDESCRIPTION:\n     <empty>\n\nFIELDS:\n   a\t<[]integer> -required-\n\n");
  CHECK(explain_old(document(), foo({"spec", "limits"})).text ==
        "KIND:     Foo\nVERSION:  ex.io/v1\n\nFIELD:    limits <map[string]string>\n\nDESCRIPTION:\n     A number.\n");
}

TEST_CASE("explain: a group behind the kind is no field") {
  std::vector<Mapping> mappings(2);
  mappings[0].resource = "foos";
  mappings[0].group = "ex.io";
  mappings[1].resource = "foos";
  mappings[1].group = "other.io";
  const Mapping* chosen = nullptr;
  CHECK(fields_behind("foos.other.io.spec.x", mappings, &chosen) == std::vector<std::string>{"spec", "x"});
  CHECK(chosen == &mappings[1]);
  CHECK(fields_behind("fo.spec", mappings, &chosen) == std::vector<std::string>{"spec"});
  CHECK(chosen == &mappings[0]);
}

TEST_CASE("wrap_words: breaks at blanks, keeps long words and the lines there are") {
  CHECK(wrap_words("aa bb cc", 5) == "aa bb\ncc");
  CHECK(wrap_words("aa bbbbbbbbb cc", 5) == "aa\nbbbbbbbbb\ncc");
  CHECK(wrap_words("a\n\n  b   c\n", 20) == "a\n\n  b   c\n");
  CHECK(wrap_words("", 5).empty());
}

}  // namespace
}  // namespace skerry::kubectl
