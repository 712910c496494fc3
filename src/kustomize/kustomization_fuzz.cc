// A kustomization from outside: the input is several files, parted by lines "=== path" as in test/kustomize/cases.
#include <cstdint>
#include <map>
#include <string>

#include "base/strings.h"
#include "kustomize/kustomize.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 20'000) return 0;
  std::string text(reinterpret_cast<const char*>(data), size);
  std::map<std::string, std::string> files;
  std::string path = "/kustomization.yaml";
  for (auto line : split(text, '\n')) {
    if (line.starts_with("=== ")) {
      path = "/" + std::string(line.substr(4));
      continue;
    }
    files[path] += std::string(line) + "\n";
  }
  kustomize::MemoryFiles source(std::move(files));
  auto out = kustomize::build_output(source, source.exists("/top/kustomization.yaml") ? "/top" : "/");
  if (out) {
    std::string yaml = kustomize::to_yaml(out->resources);
    (void)yaml;
  }
  return 0;
}
