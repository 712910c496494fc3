// Templates from users over any JSON: an Error or text, in bounded time and stack.
#include <cstdint>

#include "output/go_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  static const Json document = Json::parse(R"({"s":"str<>&","i":1,"f":1.5,"b":true,"n":null,"e":"","m":{"k":"v","z":[1,2,{"q":1}]},"l":["a","b"],"o":[{"a":"b"},{"a":"c"}]})");
  auto parsed = output::GoTemplate::parse(text);
  if (!parsed) return 0;
  std::string out;
  (void)parsed->execute(document, out, size % 2 == 0);
  return 0;
}
