#include "json/patch.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::json;

TEST_CASE("JSON patch: what RFC 6902 promises") {
  struct { const char *document, *patch, *want; } rows[] = {
      {R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]}])", R"({"a":1,"b":[1]})"},
      {R"({"a":1})", R"([{"op":"add","path":"/a","value":2}])", R"({"a":2})"},
      {R"({"a":[1,3]})", R"([{"op":"add","path":"/a/1","value":2}])", R"({"a":[1,2,3]})"},
      {R"({"a":[1]})", R"([{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":3}])", R"({"a":[1,2,3]})"},
      {R"({"a":1})", R"([{"op":"add","path":"","value":[]}])", "[]"},
      {R"({"a/b":1,"m~n":2})", R"([{"op":"remove","path":"/a~1b"},{"op":"replace","path":"/m~0n","value":3}])", R"({"m~n":3})"},
      {R"({"a":[1,2,3]})", R"([{"op":"remove","path":"/a/0"}])", R"({"a":[2,3]})"},
      {R"({"a":{"b":1},"c":{}})", R"([{"op":"move","from":"/a/b","path":"/c/d"}])", R"({"a":{},"c":{"d":1}})"},
      {R"({"a":[1,2,3]})", R"([{"op":"move","from":"/a/0","path":"/a/2"}])", R"({"a":[2,3,1]})"},
      {R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {R"({"a":[1]})", R"([{"op":"copy","from":"/a","path":"/b"},{"op":"replace","path":"/b/0","value":2}])", R"({"a":[1],"b":[2]})"},
      {R"({"a":{"x":[1,null]}})", R"([{"op":"test","path":"/a","value":{"x":[1,null]}}])", R"({"a":{"x":[1,null]}})"},
      {R"({"":1})", R"([{"op":"replace","path":"/","value":2}])", R"({"":2})"},
      {R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])", R"({"a":null})"},
      {R"({"a":1})", "[]", R"({"a":1})"},
      {R"({"a":1})", R"([{"op":"test","path":"/b","value":null}])", R"({"a":1})"},
  };
  for (auto& r : rows) {
    CAPTURE(r.patch);
    auto got = apply_json_patch(Json::parse(r.document), Json::parse(r.patch));
    REQUIRE_MESSAGE(got, (got ? "" : got.error().message));
    CHECK(*got == Json::parse(r.want));
  }
}

TEST_CASE("JSON patch: what cannot be applied is Invalid, what is no patch is BadRequest") {
  Json document = Json::parse(R"({"a":[1],"s":"text","o":{}})");
  for (const char* patch : {R"([{"op":"remove","path":"/x"}])", R"([{"op":"replace","path":"/x","value":1}])", R"([{"op":"add","path":"/x/y","value":1}])",
                            R"([{"op":"add","path":"/s/y","value":1}])", R"([{"op":"add","path":"/s/0/y","value":1}])", R"([{"op":"add","path":"/a/2","value":1}])",
                            R"([{"op":"add","path":"/a/01","value":1}])", R"([{"op":"add","path":"/a/x","value":1}])", R"([{"op":"remove","path":"/a/-"}])",
                            R"([{"op":"remove","path":"/a/1"}])", R"([{"op":"test","path":"/a","value":[2]}])", R"([{"op":"test","path":"/x","value":1}])",
                            R"([{"op":"move","from":"/o","path":"/o/x"}])", R"([{"op":"copy","from":"/x","path":"/y"}])",
                            R"([{"op":"add","path":"/a/18446744073709551616","value":1}])", R"([{"op":"add","path":"/a/-1","value":1}])"}) {
    CAPTURE(patch);
    auto got = apply_json_patch(document, Json::parse(patch));
    REQUIRE(!got);
    CHECK(got.error().is(Reason::kInvalid));
  }
  for (const char* patch : {"{}", "1", "[1]", "[{}]", R"([{"op":"add"}])", R"([{"op":"add","path":"/a"}])", R"([{"op":"frob","path":"/a","value":1}])",
                            R"([{"op":"add","path":"a","value":1}])", R"([{"op":"add","path":1,"value":1}])", R"([{"op":"add","path":"/a~2","value":1}])",
                            R"([{"op":"add","path":"/a~","value":1}])", R"([{"op":"move","path":"/a"}])", R"([{"op":1,"path":"/a","value":1}])"}) {
    CAPTURE(patch);
    auto got = apply_json_patch(document, Json::parse(patch));
    REQUIRE(!got);
    CHECK(got.error().is(Reason::kBadRequest));
  }
}

TEST_CASE("JSON patch: neither operations, nor copies, nor nesting grow without bound") {
  Json document = {{"a", std::string(1000, 'x')}};
  Json many = Json::array();
  for (int i = 0; i < 10001; ++i) many.push_back({{"op", "test"}, {"path", "/b"}, {"value", nullptr}});
  CHECK(apply_json_patch(document, many).error().is(Reason::kRequestEntityTooLarge));

  // Each copy doubles the document.
  Json doubling = Json::parse(R"([{"op":"add","path":"/l","value":["x"]}])");
  for (int i = 0; i < 60; ++i) doubling.push_back(Json::parse(R"({"op":"copy","from":"","path":"/l/-"})"));
  auto doubled = apply_json_patch(document, doubling);
  REQUIRE(!doubled);

  Json deep = Json::array();
  std::string path;
  for (int i = 0; i < kMaxDepth + 10; ++i) deep.push_back({{"op", "add"}, {"path", path += "/d"}, {"value", Json::object()}});
  CHECK(apply_json_patch(document, deep).error().is(Reason::kBadRequest));
}

TEST_CASE("merge patch: RFC 7386, and made from two documents") {
  struct { const char *from, *patch, *to; } rows[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (auto& r : rows) {
    CAPTURE(r.patch);
    CHECK(apply_merge_patch(Json::parse(r.from), Json::parse(r.patch)) == Json::parse(r.to));
  }
  Json from = Json::parse(R"({"a":1,"b":{"c":2,"d":3},"e":[1]})"), to = Json::parse(R"({"b":{"c":2,"x":{"y":1}},"e":[2],"f":"g"})");
  Json patch = make_merge_patch(from, to);
  CHECK(patch == Json::parse(R"({"a":null,"b":{"d":null,"x":{"y":1}},"e":[2],"f":"g"})"));
  CHECK(apply_merge_patch(from, patch) == to);
  CHECK(make_merge_patch(to, to) == Json::object());
}
