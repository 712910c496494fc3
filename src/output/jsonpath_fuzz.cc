// JSONPath templates from users over any JSON: an Error or text, in bounded time and stack.
#include <cstdint>

#include "output/jsonpath.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Json document = Json::parse(R"({"s":"str","i":1,"f":1.5,"b":true,"n":null,"m":{"k":"v","z":[1,2,{"q":1}]},"l":["a","b"],"o":[{"a":"b","n":1},{"a":"c","n":2}]})");
  for (bool allow_missing : {true, false}) {
    auto path = output::JsonPath::parse(text, allow_missing);
    if (!path) continue;
    (void)path->print(document);
    (void)path->print_json(document);
  }
  if (auto relaxed = output::relaxed_jsonpath(text)) (void)output::JsonPath::parse(*relaxed);
  return 0;
}
