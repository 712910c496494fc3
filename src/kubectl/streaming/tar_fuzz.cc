#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "kubectl/streaming/tar.h"

using namespace skerry;
using namespace skerry::kubectl;

// The same bytes in one piece and in small ones mean the same entries.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto run = [&](size_t step, std::string& log) {
    TarParser parser({[&](const TarEntry& entry) { return log += entry.type + entry.name + "\n" + entry.link + "\n", Status(); },
                      [&](std::string_view more) { return log += more, Status(); }, [&] { return log += "|", Status(); }});
    for (size_t at = 0; at < bytes.size(); at += step) {
      if (!parser.feed(bytes.substr(at, step))) return false;
    }
    return true;
  };
  std::string whole, pieces;
  if (run(size + 1, whole) != run(7, pieces) || whole != pieces) abort();
  return 0;
}
