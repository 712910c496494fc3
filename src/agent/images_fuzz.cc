// Pull secrets: the first line is an image, the second the secret's type, the rest what it holds (base64 is made of it
// here).
#include <cstddef>
#include <cstdint>

#include "agent/images.h"
#include "base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t first = text.find('\n'), second = first == text.npos ? text.npos : text.find('\n', first + 1);
  if (second == text.npos) return 0;
  const std::string image(text.substr(0, first)), content = base64_encode(text.substr(second + 1));
  for (const char* key : {".dockerconfigjson", ".dockercfg"}) {
    const std::string type =
        key[7] == 'c' && key[10] == 'j' ? "kubernetes.io/dockerconfigjson" : "kubernetes.io/dockercfg";
    (void)agent::registry_auths(image, {{"type", type}, {"data", {{key, content}}}});
  }
  (void)agent::registry_of(image);
  if (auto secret = json::parse_json(text.substr(second + 1))) (void)agent::registry_auths(image, *secret);
  return 0;
}
