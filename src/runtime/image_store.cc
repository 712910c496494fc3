#include "runtime/image_store.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "os/mounts.h"
#include "runtime/sha256.h"

namespace skerry::runtime {

namespace {

std::vector<std::string> strings(const Json& value) {
  std::vector<std::string> out;
  for (const Json& item : json::array_or_empty(value))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::string chain_name(std::string_view chain) { return std::string(chain.substr(7, 24)); }

}  // namespace

Result<ImageConfig> parse_image_config(std::string_view text) {
  Json root = TRY(json::parse_json(text));
  const Json& c = json::find(root, "config");
  ImageConfig config;
  config.env = strings(json::find(c, "Env"));
  config.entrypoint = strings(json::find(c, "Entrypoint"));
  config.command = strings(json::find(c, "Cmd"));
  config.working_dir = json::str(c, "WorkingDir");
  config.user = json::str(c, "User");
  config.stop_signal = json::str(c, "StopSignal");
  config.architecture = json::str(root, "architecture");
  config.os = json::str(root, "os");
  config.diff_ids = strings(json::find(root, {"rootfs", "diff_ids"}));
  for (const std::string& id : config.diff_ids)
    if (!is_digest(id)) return Error(Reason::kInvalid, "image configuration: malformed diff id \"" + id + "\"");
  if (config.diff_ids.size() > 500) return Error(Reason::kInvalid, "image configuration: more than 500 layers");
  return config;
}

// Threads of this process and other processes, one after the other.
struct ImageStore::WriteLock {
  explicit WriteLock(ImageStore& store)
      : lock(store.unpack_mutex_), file(::open((store.directory_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    while (file && flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {}
  }
  std::lock_guard<std::mutex> lock;
  os::Fd file;
};

Result<std::unique_ptr<ImageStore>> ImageStore::open(const std::string& directory, Role role) {
  std::unique_ptr<ImageStore> store(new ImageStore(directory, role));
  for (const char* sub : {"/blobs/sha256", "/layers", "/partial"}) TRY(os::make_dirs(directory + sub, 0700));
  TRY(os::make_dirs(directory + "/tmp", 0700));
  for (const std::string& name : TRY(os::list_directory(directory + "/tmp"))) {
    pid_t owner = static_cast<pid_t>(parse_int(name.substr(0, name.find('-'))).value_or(0));
    if (owner <= 0 || owner == getpid() || kill(owner, 0) != 0) (void)os::remove_tree(directory + "/tmp/" + name);
  }
  // Downloads nobody went on with for a week.
  for (const std::string& name : TRY(os::list_directory(directory + "/partial"))) {
    struct stat st;
    std::string path = directory + "/partial/" + name;
    if (stat(path.c_str(), &st) == 0 && time(nullptr) - st.st_mtime > 7 * 86400) (void)os::remove_file(path);
  }
  std::lock_guard lock(store->mutex_);
  TRY(store->load_locked());
  return store;
}

void ImageStore::refresh_locked() const {
  struct stat st;
  if (stat((directory_ + "/images.json").c_str(), &st) != 0 || st.st_ino == loaded_inode_) return;
  if (Status loaded = load_locked(); !loaded) LOG_WARN("images", loaded.error().message);
}

Status ImageStore::load_locked() const {
  struct stat st;
  if (stat((directory_ + "/images.json").c_str(), &st) == 0) loaded_inode_ = st.st_ino;
  auto text = os::read_file(directory_ + "/images.json");
  if (!text) {
    if (text.error().is(Reason::kNotFound)) return {};
    return text.error();
  }
  Json root = TRY(json::parse_json(*text));
  images_.clear();
  for (const Json& item : json::array_or_empty(json::find(root, "images"))) {
    Stored stored;
    stored.info.id = json::str(item, "id");
    stored.info.repo_tags = strings(json::find(item, "tags"));
    stored.info.repo_digests = strings(json::find(item, "digests"));
    stored.info.size_bytes = static_cast<uint64_t>(json::integer(item, "size"));
    stored.info.pinned = json::boolean(item, "pinned");
    stored.info.user = json::str(item, "user");
    if (auto uid = parse_int(std::string_view(stored.info.user).substr(0, stored.info.user.find(':')))) stored.info.uid = *uid;
    stored.layers = strings(json::find(item, "layers"));
    bool whole = is_digest(stored.info.id) && os::exists(blob_path(stored.info.id));
    for (const std::string& layer : stored.layers) whole = whole && os::is_directory(layer_path(layer));
    if (!whole) {
      LOG_WARN("images", "image " << stored.info.id << " is incomplete on disk and forgotten; it will be pulled again");
      continue;
    }
    images_[stored.info.id] = std::move(stored);
  }
  // Layers nobody names are collected by the runtime after containers hold theirs (release({})).
  return {};
}

Status ImageStore::save_locked() {
  Json root = {{"images", Json::array()}};
  for (const auto& [id, stored] : images_) {
    const ImageInfo& i = stored.info;
    root["images"].push_back({{"id", id}, {"tags", i.repo_tags}, {"digests", i.repo_digests}, {"size", i.size_bytes},
                              {"pinned", i.pinned}, {"user", i.user}, {"layers", stored.layers}});
  }
  TRY(os::write_file_atomic(directory_ + "/images.json", json::dump(root), 0600));
  struct stat st;
  if (stat((directory_ + "/images.json").c_str(), &st) == 0) loaded_inode_ = st.st_ino;
  return {};
}

std::vector<ImageInfo> ImageStore::list() const {
  std::lock_guard lock(mutex_);
  refresh_locked();
  std::vector<ImageInfo> out;
  for (const auto& [id, stored] : images_) out.push_back(stored.info);
  return out;
}

const ImageStore::Stored* ImageStore::find_locked(const std::string& reference) const {
  std::string id = reference.find(':') == std::string::npos ? "sha256:" + reference : reference;
  if (auto it = images_.find(id); it != images_.end()) return &it->second;
  if (auto ref = parse_reference(reference)) {
    for (const auto& [key, stored] : images_) {
      const std::string wanted = ref->str();
      const auto& names = ref->digest.empty() ? stored.info.repo_tags : stored.info.repo_digests;
      if (std::find(names.begin(), names.end(), wanted) != names.end()) return &stored;
    }
  }
  if (reference.size() >= 12 && reference.find_first_not_of("0123456789abcdef") == std::string::npos) {
    auto it = images_.lower_bound(id);
    if (it != images_.end() && starts_with(it->first, id) && (std::next(it) == images_.end() || !starts_with(std::next(it)->first, id)))
      return &it->second;
  }
  return nullptr;
}

std::optional<ImageInfo> ImageStore::find(const std::string& reference) const {
  std::lock_guard lock(mutex_);
  refresh_locked();
  const Stored* stored = find_locked(reference);
  return stored ? std::optional(stored->info) : std::nullopt;
}

Result<ImageConfig> ImageStore::config(const std::string& id) const {
  if (!is_digest(id)) return Error(Reason::kNotFound, "no image " + id);
  return parse_image_config(TRY(os::read_file(blob_path(id), 16 << 20)));
}

Result<std::vector<std::string>> ImageStore::layers(const std::string& id) const {
  std::lock_guard lock(mutex_);
  refresh_locked();
  auto it = images_.find(id);
  if (it == images_.end()) return Error(Reason::kNotFound, "no image " + id);
  return it->second.layers;
}

Result<std::vector<std::string>> ImageStore::layer_directories(const std::string& id) const {
  std::vector<std::string> names = TRY(layers(id)), out;
  for (auto it = names.rbegin(); it != names.rend(); ++it) out.push_back(layer_path(*it));
  return out;
}

void ImageStore::hold(const std::vector<std::string>& layers) {
  std::lock_guard lock(mutex_);
  for (const std::string& layer : layers) ++holds_[layer];
}

void ImageStore::release(const std::vector<std::string>& layers) {
  WriteLock write_lock(*this);  // an image being added counts on the layers it found
  std::lock_guard lock(mutex_);
  refresh_locked();
  for (const std::string& layer : layers)
    if (auto it = holds_.find(layer); it != holds_.end() && --it->second <= 0) holds_.erase(it);
  collect_locked();
}

// Removes layers and blobs that nobody names.
void ImageStore::collect_locked() {
  if (role_ != Role::kCollector) return;
  std::set<std::string> wanted;
  for (const auto& [id, stored] : images_) wanted.insert(stored.layers.begin(), stored.layers.end());
  for (const auto& [layer, count] : holds_) wanted.insert(layer);
  if (auto names = os::list_directory(directory_ + "/layers"))
    for (const std::string& name : *names)
      if (!wanted.count(name))
        if (Status removed = os::remove_tree(directory_ + "/layers/" + name); !removed)
          LOG_WARN("images", "remove layer: " << removed.error().message);
  if (auto names = os::list_directory(directory_ + "/blobs/sha256"))
    for (const std::string& name : *names)
      if (!images_.count("sha256:" + name)) (void)os::remove_file(directory_ + "/blobs/sha256/" + name);
}

Status ImageStore::unpack(const NewImage& image, size_t index, const std::string& diff_id, const std::string& name,
                          const std::vector<std::string>& parents) {
  std::string temporary = TRY(make_temporary_directory());
  auto work = [&]() -> Status {
    TRY(os::make_dirs(temporary + "/fs", 0755));
    if (chmod((temporary + "/fs").c_str(), 0755) != 0) return errno_error("chmod " + temporary, errno);
    ByteSource source = TRY(image.open_layer(index));
    UnpackedLayer layer = TRY(unpack_layer(source, temporary + "/fs", parents));
    if (layer.diff_id != diff_id)
      return Error(Reason::kInvalid, "layer " + std::to_string(index) + " has digest " + layer.diff_id + ", its image says " + diff_id);
    // One sync of the file system instead of one for each file.
    os::Fd fd(::open(temporary.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || syncfs(fd.get()) != 0) return errno_error("sync " + temporary, errno);
    TRY(os::rename_file(temporary, directory_ + "/layers/" + name));
    return os::sync_directory(directory_ + "/layers");
  };
  Status done = work();
  if (!done) (void)os::remove_tree(temporary);  // a full disk must not stay full
  return done;
}

Result<std::vector<size_t>> ImageStore::missing_layers(std::string_view text) const {
  ImageConfig config = TRY(parse_image_config(text));
  std::vector<size_t> out;
  std::string chain;
  for (size_t i = 0; i < config.diff_ids.size(); ++i) {
    chain = i == 0 ? config.diff_ids[0] : sha256_digest(chain + " " + config.diff_ids[i]);
    if (!os::is_directory(layer_path(chain_name(chain)))) out.push_back(i);
  }
  return out;
}

Result<ImageInfo> ImageStore::add(const NewImage& image) {
  ImageConfig config = TRY(parse_image_config(image.config));
  Stored stored;
  stored.info.id = sha256_digest(image.config);
  stored.info.user = config.user;
  if (auto uid = parse_int(std::string_view(config.user).substr(0, config.user.find(':')))) stored.info.uid = *uid;
  WriteLock write_lock(*this);
  std::vector<std::string> parents;  // topmost first
  std::string chain;
  uint64_t size = 0;
  Status status;
  for (size_t i = 0; i < config.diff_ids.size() && status; ++i) {
    chain = i == 0 ? config.diff_ids[0] : sha256_digest(chain + " " + config.diff_ids[i]);
    std::string name = chain_name(chain);
    if (!os::is_directory(layer_path(name))) status = unpack(image, i, config.diff_ids[i], name, parents);
    parents.insert(parents.begin(), layer_path(name));
    stored.layers.push_back(name);
    if (image.size_bytes == 0) size += os::tree_size(layer_path(name)).value_or(0);
  }
  if (status) status = os::write_file_atomic(blob_path(stored.info.id), image.config, 0600);
  std::lock_guard lock(mutex_);
  refresh_locked();
  if (!status) {
    collect_locked();
    return status.error();
  }
  Stored& kept = images_[stored.info.id];
  kept.layers = stored.layers;
  auto names = std::pair(kept.info.repo_tags, kept.info.repo_digests);
  kept.info.id = stored.info.id;
  kept.info.user = stored.info.user;
  kept.info.uid = stored.info.uid;
  kept.info.size_bytes = image.size_bytes ? image.size_bytes : size;
  auto add_names = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const std::string& name : from)
      if (std::find(to.begin(), to.end(), name) == to.end()) to.push_back(name);
  };
  for (auto& [id, other] : images_) {
    if (id == stored.info.id) continue;
    auto& tags = other.info.repo_tags;
    tags.erase(std::remove_if(tags.begin(), tags.end(), [&](const std::string& tag) {
      return std::find(image.tags.begin(), image.tags.end(), tag) != image.tags.end();
    }), tags.end());
  }
  add_names(kept.info.repo_tags, image.tags);
  add_names(kept.info.repo_digests, image.digests);
  ImageInfo info = kept.info;
  if (Status saved = save_locked(); !saved) {
    if (names.first.empty() && names.second.empty()) images_.erase(info.id);
    return saved.error();
  }
  return info;
}

Status ImageStore::pin(const std::set<std::string>& ids) {
  WriteLock write_lock(*this);
  std::lock_guard lock(mutex_);
  refresh_locked();
  bool changed = false;
  for (auto& [id, stored] : images_) {
    bool pinned = ids.contains(id);
    changed = changed || stored.info.pinned != pinned;
    stored.info.pinned = pinned;
  }
  return changed ? save_locked() : Status();
}

Status ImageStore::remove(const std::string& reference) {
  WriteLock write_lock(*this);
  std::lock_guard lock(mutex_);
  refresh_locked();
  const Stored* found = find_locked(reference);
  if (!found) return Error(Reason::kNotFound, "no such image: " + reference);
  Stored& stored = images_[found->info.id];
  auto ref = parse_reference(reference);
  auto take = [&](std::vector<std::string>& names) {
    auto it = ref ? std::find(names.begin(), names.end(), ref->str()) : names.end();
    if (it == names.end()) return false;
    names.erase(it);
    return true;
  };
  bool named = take(stored.info.repo_tags) || take(stored.info.repo_digests);
  if (!named || stored.info.repo_tags.empty()) images_.erase(stored.info.id);
  TRY(save_locked());
  collect_locked();
  return {};
}

std::string ImageStore::partial_path(const std::string& digest) const { return directory_ + "/partial/" + digest.substr(7); }

Result<std::string> ImageStore::make_temporary_directory() {
  uint64_t n;
  {
    std::lock_guard lock(mutex_);
    n = next_temporary_++;
  }
  std::string path = directory_ + "/tmp/" + std::to_string(getpid()) + "-" + std::to_string(n);
  TRY(os::make_dirs(path, 0700));
  return path;
}

}  // namespace skerry::runtime
