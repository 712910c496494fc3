#include "api/protobuf.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "api/decode.h"
#include "base/strings.h"

using namespace skerry;
using namespace skerry::api;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("protobuf: the vectors convert into each other exactly") {
  std::filesystem::path folder = "test/vectors";
  REQUIRE_MESSAGE(std::filesystem::exists(folder), "run from the repository's root");
  int pairs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path().string());
    auto pb_path = entry.path();
    pb_path.replace_extension(".pb");
    Json want = Json::parse(read(entry.path()));
    std::string bytes = read(pb_path);
    ++pairs;
    if (entry.path().filename() == "core.v1.WatchEvent.json") {  // travels without kind
      std::string raw = encode_message(*find_type("meta/v1.WatchEvent"), want);
      CHECK(bytes.find(raw) != std::string::npos);
      CHECK(*decode_message(*find_type("meta/v1.WatchEvent"), raw) == want);
      continue;
    }
    auto got = from_protobuf(bytes);
    CHECK_MESSAGE(got.has_value(), (got ? "" : got.error().message));
    if (got) CHECK(json::dump(*got) == json::dump(want));
    auto back = to_protobuf(want);
    CHECK_MESSAGE(back.has_value(), (back ? "" : back.error().message));
    if (back) CHECK(hex_encode(*back) == hex_encode(bytes));
    // Structural decoding knows every field, and changes nothing.
    const Type* type = type_of_kind(json::str(want, "apiVersion"), json::str(want, "kind"));
    std::vector<std::string> warnings;
    Json decoded = want;
    CHECK(decode(type, "v1", "X", decoded, FieldValidation::kWarn, warnings));
    CHECK(warnings.empty());
    CHECK(json::dump(decoded) == json::dump(want));
  }
  CHECK(pairs > 50);
}

TEST_CASE("protobuf: malformed bytes are refused") {
  std::string good = *to_protobuf(Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"b"}})"));
  CHECK((*from_protobuf(good))["data"]["a"] == "b");
  CHECK(!from_protobuf(""));
  CHECK(!from_protobuf("{}"));
  for (size_t n = 4; n < good.size() - 4; ++n) {
    auto r = from_protobuf(good.substr(0, n));
    if (r) CHECK(r->is_object());
  }
  CHECK(!to_protobuf(Json::parse(R"({"apiVersion":"example.com/v1","kind":"Foo"})")));
  CHECK(!to_protobuf(Json::parse(R"({"apiVersion":"meta.k8s.io/v1","kind":"Table"})")));
  CHECK(type_of_kind("apps/v1", "DeleteOptions") == find_type("meta/v1.DeleteOptions"));
}
