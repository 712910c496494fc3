#include <cstddef>
#include <cstdint>

#include "os/passwd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto passwd = skerry::os::parse_passwd(text);
  auto group = skerry::os::parse_group(text);
  skerry::os::resolve_user(text.substr(0, text.find('\n')), passwd, group);
  return 0;
}
