#include <unistd.h>

#include <cstdlib>

#include "os/files.h"
#include "runtime/layer.h"

// Whatever the archive says: nothing appears outside the target.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string root = [] {
    char name[] = "/tmp/skerry-layer-fuzz-XXXXXX";
    std::string directory = mkdtemp(name);
    atexit([] { (void)skerry::os::remove_tree(root); });
    return directory;
  }();
  std::string target = root + "/in";
  if (!skerry::os::make_dirs(target)) abort();
  bool given = false;
  skerry::runtime::ByteSource source = [&]() -> skerry::Result<std::string_view> {
    std::string_view all(reinterpret_cast<const char*>(data), given ? 0 : size);
    given = true;
    return all;
  };
  (void)skerry::runtime::unpack_layer(source, target, {});
  if (!skerry::os::remove_tree(target)) abort();
  auto left = skerry::os::list_directory(root);
  if (!left || !left->empty()) abort();
  return 0;
}
