#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "os/files.h"
#include "runtime/layer.h"

namespace {

// The input as tar entries (type, mode, path, link or data), so that the fuzzer need not find checksums by itself.
std::string build_tar(const uint8_t* data, size_t size) {
  std::string out;
  auto byte = [&]() -> uint8_t {
    if (size == 0) return 0;
    --size;
    return *data++;
  };
  auto text = [&](size_t most) {
    std::string s;
    size_t n = byte() % most;
    // Few letters, many dots and slashes: paths that meet each other.
    for (size_t i = 0; i < n && size > 0; ++i) s += "ab./.w-h"[byte() % 8];
    return s;
  };
  while (size > 2 && out.size() < 100000) {
    char header[512] = {};
    char type = "0123456570x"[byte() % 11];
    std::string name = text(40), link = text(40), body = type == '0' ? text(200) : "";
    if (byte() % 4 == 0) name = name + "/.wh." + link;
    snprintf(header, 100, "%s", name.c_str());
    snprintf(header + 100, 8, "%07o", byte() * 16u);
    snprintf(header + 108, 8, "%07o", byte());
    snprintf(header + 116, 8, "%07o", byte());
    snprintf(header + 124, 12, "%011zo", body.size());
    snprintf(header + 136, 12, "%011o", byte());
    header[156] = type;
    snprintf(header + 157, 100, "%s", link.c_str());
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (char c : header) sum += static_cast<unsigned char>(c);
    snprintf(header + 148, 8, "%06o", sum);
    out.append(header, 512);
    out += body;
    out.append((512 - body.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

}  // namespace

// Whatever the archive says: nothing appears outside the target.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  char name[] = "/tmp/skerry-layer-fuzz-XXXXXX";  // one for each input: libFuzzer leaves without exit handlers
  const std::string root = mkdtemp(name);
  std::string target = root + "/in";
  if (!skerry::os::make_dirs(target)) abort();
  std::string archive = size > 0 && data[0] % 8 == 0 ? std::string(reinterpret_cast<const char*>(data), size) : build_tar(data, size);
  bool given = false;
  skerry::runtime::ByteSource source = [&]() -> skerry::Result<std::string_view> {
    std::string_view all(archive.data(), given ? 0 : archive.size());
    given = true;
    return all;
  };
  (void)skerry::runtime::unpack_layer(source, target, {});
  if (!skerry::os::remove_tree(target)) abort();
  auto left = skerry::os::list_directory(root);
  if (!left || !left->empty()) abort();
  rmdir(root.c_str());
  return 0;
}
