#include "api/protobuf.h"

#include "api/wire.h"

// The first byte chooses the type, the rest is its message; and once as a whole body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)api::from_protobuf(bytes);
  auto types = api::all_types();
  const api::Type& type = types[(data[0] * 256u + data[1]) % types.size()];
  if (auto object = api::decode_message(type, bytes.substr(2))) (void)api::encode_message(type, *object);
  return 0;
}
