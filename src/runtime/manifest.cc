#include "runtime/manifest.h"

#include "base/strings.h"
#include "json/json.h"
#include "os/sysinfo.h"
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

std::string machine_architecture() { return os::system_info().architecture; }

Result<Descriptor> select_platform(const Manifest& index) {
  std::string architecture = machine_architecture();
  const Descriptor* best = nullptr;
  for (const Descriptor& entry : index.entries) {
    bool unnamed = entry.os.empty() && entry.architecture.empty() && index.entries.size() == 1;
    if (unnamed) return entry;
    if (entry.os != "linux" || entry.architecture != architecture) continue;
    // Of several arm variants the newest that all 32-bit boards of today run: v7.
    if (!best || (entry.variant == "v7" && best->variant != "v7") || (architecture == "arm64" && entry.variant == "v8")) best = &entry;
  }
  if (!best) return Error(Reason::kNotFound, "no match for platform in manifest: linux/" + architecture);
  return *best;
}

}  // namespace skerry::runtime
