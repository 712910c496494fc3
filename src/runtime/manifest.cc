#include "runtime/manifest.h"

#include "base/strings.h"
#include "json/json.h"
#include "runtime/reference.h"

namespace skerry::runtime {

namespace {

Result<Descriptor> parse_descriptor(const Json& value) {
  Descriptor d;
  d.media_type = json::str(value, "mediaType");
  d.digest = json::str(value, "digest");
  int64_t size = json::integer(value, "size");
  if (!is_digest(d.digest)) return Error(Reason::kInvalid, "manifest: unsupported digest \"" + d.digest.substr(0, 100) + "\"");
  if (size < 0) return Error(Reason::kInvalid, "manifest: negative size");
  d.size = static_cast<uint64_t>(size);
  d.os = json::str(value, {"platform", "os"});
  d.architecture = json::str(value, {"platform", "architecture"});
  d.variant = json::str(value, {"platform", "variant"});
  d.ref_name = json::str(value, {"annotations", "io.containerd.image.name"});
  if (d.ref_name.empty()) d.ref_name = json::str(value, {"annotations", "org.opencontainers.image.ref.name"});
  return d;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::string_view media_type) {
  Json root = TRY(json::parse_json(text));
  if (!root.is_object()) return Error(Reason::kInvalid, "manifest: not an object");
  std::string type = json::str(root, "mediaType", media_type);
  if (json::integer(root, "schemaVersion", 2) != 2)
    return Error(Reason::kInvalid, "manifest: schema version 1 is not supported");
  Manifest m;
  const Json& entries = json::find(root, "manifests");
  m.is_index = entries.is_array() && !json::find(root, "config").is_object();
  if (m.is_index) {
    for (const Json& entry : entries) m.entries.push_back(TRY(parse_descriptor(entry)));
    return m;
  }
  if (!json::find(root, "config").is_object() || !json::find(root, "layers").is_array())
    return Error(Reason::kInvalid, "manifest: neither an image nor an index (media type \"" + type + "\")");
  m.config = TRY(parse_descriptor(json::find(root, "config")));
  for (const Json& layer : json::find(root, "layers")) m.layers.push_back(TRY(parse_descriptor(layer)));
  return m;
}

namespace {
// How well an image for that processor suits `architecture`; 0: not at all. As containerd orders them.
int suits(const Descriptor& image, std::string_view architecture) {
  if (image.os != "linux") return 0;
  const std::string& variant = image.variant;
  if (image.architecture == architecture && architecture != "arm")
    return variant.empty() || variant == (architecture == "arm64" ? "v8" : "v1") ? 10 : 0;
  if (architecture == "amd64") return image.architecture == "386" ? 1 : 0;
  if (image.architecture != "arm") return 0;
  // 32-bit boards of today are v7, which is also what no variant means; arm64 runs v8 in its 32-bit mode.
  if (variant == "v8") return architecture == "arm64" ? 4 : 0;
  return variant.empty() || variant == "v7" ? 3 : variant == "v6" ? 2 : variant == "v5" ? 1 : 0;
}
}  // namespace

Result<Descriptor> select_platform(const Manifest& index, std::string_view architecture) {
  const Descriptor* best = nullptr;
  int best_suits = 0;
  for (const Descriptor& entry : index.entries) {
    bool unnamed = entry.os.empty() && entry.architecture.empty() && index.entries.size() == 1;
    if (unnamed) return entry;
    int rank = suits(entry, architecture);
    if (rank > best_suits) best = &entry, best_suits = rank;
  }
  if (!best) return Error(Reason::kNotFound, "no match for platform in manifest: linux/" + std::string(architecture));
  return *best;
}

}  // namespace skerry::runtime
