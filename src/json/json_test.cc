#include "json/json.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::json;

TEST_CASE("JSON: bad text is BadRequest, never an exception") {
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("{}x"), std::string("{'a':1}"), std::string("[1,]"), std::string("\"\xff\""), std::string("nul"),
        std::string("1e999"), std::string("{\"a\":1,}"), std::string("\"\n\""), std::string(kMaxDepth + 1, '['), std::string(3'000'000, '['),
        std::string(kMaxDepth + 1, '[') + std::string(kMaxDepth + 1, ']')}) {
    auto got = parse_json(bad);
    REQUIRE(!got);
    CHECK(got.error().is(Reason::kBadRequest));
  }
  CHECK(parse_json(std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']')));
  CHECK(parse_json(R"(["[[[[\"]]]]"])"));
  // Brackets inside strings do not count.
  CHECK(parse_json("\"" + std::string(1000, '[') + "\""));
}

TEST_CASE("JSON: integers stay integers, keys are sorted, bad UTF-8 is written as a replacement") {
  CHECK(dump(*parse_json(R"({"b":9007199254740993,"a":-9223372036854775808,"c":1.5})")) == R"({"a":-9223372036854775808,"b":9007199254740993,"c":1.5})");
  CHECK(dump(Json("a\xff")) == "\"a\xef\xbf\xbd\"");
}

TEST_CASE("JSON: readers forgive what is missing or of another type") {
  Json j = Json::parse(R"({"a":{"b":"text","n":5,"t":true,"f":1.5,"huge":18446744073709551615},"l":[1]})");
  CHECK(str(j, {"a", "b"}) == "text");
  CHECK(str(j, {"a", "n"}, "none") == "none");
  CHECK(str(j, {"a", "b", "c"}, "none") == "none");
  CHECK(str(j, "x") == "");
  CHECK(integer(j, {"a", "n"}) == 5);
  CHECK(integer(j, {"a", "f"}, 7) == 7);
  CHECK(integer(j, {"a", "huge"}, 7) == 7);
  CHECK(boolean(j, {"a", "t"}));
  CHECK(boolean(j, {"a", "b"}, true));
  CHECK(find(j, "x").is_null());
  CHECK(find(Json(5), "x").is_null());
  CHECK(array_or_empty(find(j, "l")).size() == 1);
  CHECK(array_or_empty(find(j, "a")).empty());
  CHECK(object_or_empty(find(j, "l")).empty());
}
