#include "kubectl/yaml_error.h"

#include <doctest/doctest.h>

#include "json/yaml.h"

namespace skerry::kubectl {
namespace {

TEST_CASE("mistakes in YAML are told in the stock client's words and lines") {
  struct Case {
    const char *text, *expected;
  };
  const Case cases[] = {
      {"kind: [\n", "yaml: line 1: did not find expected node content"},
      {"apiVersion: v1\nkind: [\n", "yaml: line 2: did not find expected node content"},
      {"apiVersion: v1\nkind: {\n", "yaml: line 2: did not find expected node content"},
      {"x: 1\napiVersion: v1\nkind: [a, b\n", "yaml: line 2: did not find expected ',' or ']'"},
      {"x: [", "yaml: line 1: did not find expected node content"},
      {"a: b\nc: d: e\n", "yaml: line 2: mapping values are not allowed in this context"},
      {"a:\n\tb: c\n", "yaml: line 2: found character that cannot start any token"},
      {"a: b\n- c\n", "yaml: line 1: did not find expected key"},
      {"spec:\n  - a: 1\n   b: 2\n", "yaml: line 2: did not find expected '-' indicator"},
      {"a: `x\n", "yaml: found character that cannot start any token"},
  };
  for (auto& c : cases) {
    CAPTURE(c.text);
    auto parsed = json::parse_yaml(c.text);
    REQUIRE(!parsed.has_value());
    CHECK(yaml_error(parsed.error().message, c.text) == c.expected);
  }
  CHECK(yaml_error("something else", "") == "something else");
}

}  // namespace
}  // namespace skerry::kubectl
