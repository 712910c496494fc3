#include "kubectl/values.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {

TEST_CASE("values: amounts are written in their canonical form") {
  CHECK(resource_list("").value() == Json::object());
  CHECK(resource_list("cpu=1000m,memory=1024Mi").value() == Json{{"cpu", "1"}, {"memory", "1Gi"}});
  CHECK(resource_list("cpu").error().message == "Invalid argument syntax cpu, expected <resource>=<value>");
  CHECK(resource_list("cpu=1=2").error().message == "Invalid argument syntax cpu=1=2, expected <resource>=<value>");
  CHECK(resource_list("cpu=x").error().message == "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

TEST_CASE("values: a selector becomes labels where it says equal, else expressions in the order of their keys") {
  CHECK(label_selector("a=b,c==d").value() == Json::parse(R"({"matchLabels":{"a":"b","c":"d"}})"));
  CHECK(label_selector("z, a in (c,b) ,!e,f notin (g)").value() == Json::parse(R"({"matchExpressions":[
      {"key":"a","operator":"In","values":["b","c"]},{"key":"e","operator":"DoesNotExist"},
      {"key":"f","operator":"NotIn","values":["g"]},{"key":"z","operator":"Exists"}]})"));
  CHECK(label_selector("").value() == Json::object());
  CHECK(label_selector("a!=b").error().message == "\"!=\" is not a valid label selector operator");
  CHECK(label_selector("a>1").error().message == "\"gt\" isn't supported in label selectors");
  CHECK(label_selector("a in b").error().message.starts_with("couldn't parse the selector string \"a in b\": "));
}

TEST_CASE("values: labels of a flag") {
  CHECK(label_map("a=b,c=").value() == Json{{"a", "b"}, {"c", ""}});
  CHECK(label_map("x").error().message == "unexpected label spec: x");
  CHECK(label_map("a=b=c").error().message == "unexpected label spec: a=b=c");
  CHECK(label_map("=b").error().message == "unexpected empty label key");
}

TEST_CASE("values: ports are numbers of 16 bits") {
  CHECK(parse_port("0").value() == 0);
  CHECK(parse_port("65535").value() == 65535);
  CHECK(parse_port("65536").error().message == "strconv.ParseUint: parsing \"65536\": value out of range");
  CHECK(parse_port("99999999999999999999").error().message == "strconv.ParseUint: parsing \"99999999999999999999\": value out of range");
  for (auto text : {"", "x", "-1", "+1", "1 "}) CHECK(parse_port(text).error().message == "strconv.ParseUint: parsing \"" + std::string(text) + "\": invalid syntax");
}

TEST_CASE("values: resources stand before changes") {
  auto words = split_pairs({"deploy", "app", "a=b", "c-", "d=-"}, "label").value();
  CHECK(words.resources == std::vector<std::string>{"deploy", "app"});
  CHECK(words.pairs == std::vector<std::string>{"a=b", "c-", "d=-"});
  CHECK(split_pairs({"cm/x", "=y", "-"}, "label")->resources.size() == 3);
  CHECK(split_pairs({"cm", "a=b", "x"}, "image").error().message == "all resources must be specified before image changes: x");

  auto pairs = parse_pairs(words.pairs, "label", true).value();
  CHECK(pairs.set == decltype(pairs.set){{"a", "b"}, {"d", "-"}});
  CHECK(pairs.remove == std::vector<std::string>{"c"});
  CHECK(parse_pairs({"a=b", "c-", "=d"}, "image", false).error().message == "invalid image format: c-, =d");
}

}  // namespace skerry::kubectl
