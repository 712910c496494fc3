#include "runtime/pull.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/sysinfo.h"
#include "runtime/manifest.h"
#include "runtime/registry_client.h"

namespace skerry::runtime {

namespace {

Error prefixed(Error error, const std::string& prefix) {
  error.message = prefix + error.message;
  return error;
}

bool has_credentials(const RegistryAuth& auth) {
  return !auth.username.empty() || !auth.password.empty() || !auth.identity_token.empty() || !auth.registry_token.empty();
}

// Layers by a few threads; the first failure stops the rest from starting.
Status download_layers(RegistryClient& registry, ImageStore& store, const std::vector<Descriptor>& layers, int parallel) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status result;
  auto work = [&] {
    for (;;) {
      size_t i = next.fetch_add(1);
      if (i >= layers.size()) return;
      Status done;
      // Links in the field drop: go on where it ended.
      for (int attempt = 0; attempt < 3; ++attempt) {
        done = registry.download(layers[i].digest, layers[i].size, store.partial_path(layers[i].digest));
        if (done || (!done.error().is(Reason::kServiceUnavailable) && !done.error().is(Reason::kTimeout))) break;
      }
      if (done) continue;
      next = layers.size();
      std::lock_guard lock(mutex);
      if (result) result = done;
    }
  };
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < std::min<size_t>(static_cast<size_t>(std::max(1, parallel)), layers.size()); ++i) threads.emplace_back(work);
  work();
  threads.clear();
  return result;
}

Result<ImageInfo> pull_from(ImageStore& store, RegistryClient& registry, const Reference& ref, int parallel) {
  const std::string name = ref.str();
  auto top = registry.manifest(ref.selector());
  if (!top) {
    std::string what = top.error().is(Reason::kNotFound) ? name + ": " : "";
    return prefixed(top.error(), "failed to resolve reference \"" + name + "\": " + what);
  }
  Manifest manifest = TRY(parse_manifest(top->text, top->media_type));
  for (int depth = 0; manifest.is_index; ++depth) {
    if (depth > 3) return Error(Reason::kInvalid, "indexes nested too deep");
    Descriptor chosen = TRY(select_platform(manifest));
    auto text = TRY(registry.manifest(chosen.digest));
    manifest = TRY(parse_manifest(text.text, text.media_type));
  }
  ImageStore::NewImage image;
  image.config = TRY(registry.blob(manifest.config.digest, 16 << 20));
  image.size_bytes = manifest.config.size;
  for (const Descriptor& layer : manifest.layers) image.size_bytes += layer.size;
  if (!ref.tag.empty() && ref.digest.empty()) image.tags.push_back(ref.tagged());
  image.digests.push_back(ref.name() + "@" + top->digest);
  std::vector<Descriptor> wanted;
  for (size_t i : TRY(store.missing_layers(image.config))) {
    if (i >= manifest.layers.size()) return Error(Reason::kInvalid, "the manifest has fewer layers than the image's configuration");
    wanted.push_back(manifest.layers[i]);
  }
  TRY(download_layers(registry, store, wanted, parallel));
  // Another image's removal may take a layer away between missing_layers() and add(): then it is fetched here.
  image.open_layer = [&](size_t i) -> Result<ByteSource> {
    if (i >= manifest.layers.size()) return Error(Reason::kInvalid, "the manifest has fewer layers than the image's configuration");
    const Descriptor& layer = manifest.layers[i];
    std::string file = store.partial_path(layer.digest);
    if (!os::exists(file)) TRY(registry.download(layer.digest, layer.size, file));
    return file_source(file);
  };
  auto info = store.add(image);
  // Kept after a failure other than of the bytes themselves, so that the next pull need not fetch them again.
  auto disk = os::disk_info(store.directory());
  bool full = disk && disk->available < (64u << 20);
  if (info || full || info.error().is(Reason::kInvalid))
    for (const Descriptor& layer : wanted) (void)os::remove_file(store.partial_path(layer.digest));
  return info;
}

}  // namespace

Result<ImageInfo> pull_image(ImageStore& store, const RegistryOptions& options, const std::string& reference, const std::vector<RegistryAuth>& auths) {
  auto parsed = parse_reference(reference);
  if (!parsed) return prefixed(parsed.error(), "failed to parse reference \"" + reference + "\": ");
  const Reference& ref = *parsed;
  Error last;
  std::string before;  // what went wrong at the endpoints before the last
  const auto endpoints = endpoints_of(options, ref);
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const RegistryEndpoint& endpoint = endpoints[i];
    auto attempt = [&]() -> Result<ImageInfo> {
      http::ClientTls tls = TRY(load_tls(endpoint.config.tls));
      // At a mirror, its own credentials are the likelier ones; at the registry itself, those of the pod are.
      std::vector<RegistryAuth> credentials = auths;
      if (credentials.empty() || (endpoint.is_mirror && has_credentials(endpoint.config.auth)))
        credentials.insert(credentials.begin(), endpoint.config.auth);
      Result<ImageInfo> info = Error();
      for (const RegistryAuth& auth : credentials) {
        RegistryClient registry(endpoint, auth, tls);
        info = pull_from(store, registry, ref, options.parallel_downloads);
        // Other credentials help against nothing else.
        if (info || (!info.error().is(Reason::kUnauthorized) && !info.error().is(Reason::kForbidden))) break;
      }
      return info;
    };
    auto info = attempt();
    if (info) return info;
    last = info.error();
    if (i + 1 == endpoints.size()) break;
    LOG_WARN("images", "pull of " << reference << " from " << endpoint.base << ": " << last.message);
    before += "; before, " + endpoint.host + ": " + last.message;
  }
  last.message += before;
  return prefixed(last, "failed to pull and unpack image \"" + ref.str() + "\": ");
}

}  // namespace skerry::runtime
