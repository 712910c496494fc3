// Manifests and indexes of the OCI and docker (schema 2) formats.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/architecture.h"
#include "base/result.h"

namespace skerry::runtime {

struct Descriptor {
  std::string media_type, digest;
  uint64_t size = 0;
  std::string ref_name;  // of an index' entry: annotations containerd and skopeo write
  std::string os, architecture, variant;
};

struct Manifest {
  bool is_index = false;
  Descriptor config;                // of an image
  std::vector<Descriptor> layers;   // of an image, lowest first
  std::vector<Descriptor> entries;  // of an index
};

// Invalid for anything else; the media type may be in the text or only in the HTTP header.
Result<Manifest> parse_manifest(std::string_view text, std::string_view media_type = "");

// The entry for this machine: Linux on the executable's architecture, else one that it also runs (arm on arm64, 386 on
// amd64). Of arm's variants the newest up to v7. NotFound names the architecture.
Result<Descriptor> select_platform(const Manifest& index, std::string_view architecture = kArchitecture);
inline std::string machine_architecture() { return std::string(kArchitecture); }

}  // namespace skerry::runtime
