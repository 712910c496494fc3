// ImageStore: images on disk, content-addressed, whole or not at all.
//
//   <dir>/blobs/sha256/<hex>      image configurations
//   <dir>/layers/<hex>/fs         unpacked layers by chain id (first 24 hex digits), what overlayfs takes
//   <dir>/partial/<hex>           downloads under way; kept, so that a pull goes on where it ended
//   <dir>/tmp/                    emptied at start
//   <dir>/images.json             names, digests and layers of each image
//
// A layer is unpacked below tmp/, synced and renamed; images.json names an image only after all its layers stand.
// So a kill at any moment leaves either the old or the new state, and rubbish that open() removes.
// Thread-safe; short calls but for those that unpack.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "json/json.h"
#include "runtime/layer.h"
#include "runtime/reference.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

// The part of an OCI image configuration that matters to run it.
struct ImageConfig {
  std::vector<std::string> env, entrypoint, command, diff_ids;
  std::string working_dir, user, stop_signal, architecture, os;
};
Result<ImageConfig> parse_image_config(std::string_view text);

class ImageStore {
 public:
  // The collector removes layers that nobody names. It must know every holder, so it is the process that runs
  // containers; others (`skerry images ...`) leave that to it. Several processes may have one store open: changes are
  // made under a lock file, and a change of images.json is noticed.
  enum class Role { kCollector, kGuest };
  static Result<std::unique_ptr<ImageStore>> open(const std::string& directory, Role role = Role::kCollector);

  std::vector<ImageInfo> list() const;
  // By id ("sha256:<hex>", or a unique prefix of the hex of at least 12 digits), name with tag, or name with digest.
  std::optional<ImageInfo> find(const std::string& reference) const;
  Result<ImageConfig> config(const std::string& id) const;
  // Lower directories, topmost first, and the names to give to hold()/release().
  Result<std::vector<std::string>> layer_directories(const std::string& id) const;
  Result<std::vector<std::string>> layers(const std::string& id) const;

  // Layers that someone uses stay when their image goes.
  void hold(const std::vector<std::string>& layers);
  void release(const std::vector<std::string>& layers);

  // Indexes of the layers that would have to be unpacked for an image with this configuration.
  Result<std::vector<size_t>> missing_layers(std::string_view config) const;

  // A missing layer of an image being added is asked for by its index; size_bytes is what it takes on the registry.
  struct NewImage {
    std::string config;  // its bytes; the id is their digest
    std::function<Result<ByteSource>(size_t layer)> open_layer;
    std::vector<std::string> tags, digests;  // "docker.io/library/x:1", "docker.io/library/x@sha256:..."
    uint64_t size_bytes = 0;                 // 0: that of the unpacked layers
  };
  // Unpacks what is missing, then names the image. A tag moves from the image that had it.
  Result<ImageInfo> add(const NewImage& image);

  // These images, and no others, are pinned from now on. Unknown ids are ignored.
  Status pin(const std::set<std::string>& ids);

  // A tag or digest takes only that name away, an id the image. The layers go when nobody uses them.
  Status remove(const std::string& reference);

  const std::string& directory() const { return directory_; }
  std::string partial_path(const std::string& digest) const;
  Result<std::string> make_temporary_directory();

 private:
  struct Stored {
    ImageInfo info;
    std::vector<std::string> layers;  // lowest first
  };
  ImageStore(std::string directory, Role role) : directory_(std::move(directory)), role_(role) {}
  struct WriteLock;
  Status load_locked() const;
  void refresh_locked() const;  // load if another process has changed it
  Status save_locked();
  void collect_locked();
  const Stored* find_locked(const std::string& reference) const;
  Status unpack(const NewImage& image, size_t index, const std::string& diff_id, const std::string& name, const std::vector<std::string>& parents);
  std::string layer_path(const std::string& name) const { return directory_ + "/layers/" + name + "/fs"; }
  std::string blob_path(const std::string& digest) const { return directory_ + "/blobs/sha256/" + digest.substr(7); }

  const std::string directory_;
  const Role role_;
  std::mutex unpack_mutex_;  // one layer is unpacked at a time: the disk is the limit, and twins must not race
  mutable std::mutex mutex_;  // guards all below
  mutable std::map<std::string, Stored> images_;  // by id
  mutable uint64_t loaded_inode_ = 0;
  std::map<std::string, int> holds_;
  uint64_t next_temporary_ = 0;
};

}  // namespace skerry::runtime
