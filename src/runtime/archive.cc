#include "runtime/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <cerrno>
#include <map>

#include "base/log.h"
#include "base/strings.h"
#include "os/files.h"
#include "runtime/manifest.h"
#include "runtime/sha256.h"

namespace skerry::runtime {

namespace {

constexpr size_t kMaxMetadata = 16 << 20;

// The archive's files, each under a number in a directory of ours: their names are never used as paths.
struct Extracted {
  std::string directory;
  std::map<std::string, std::string> files;  // name in the archive -> path
  std::map<std::string, std::string> links;

  std::string path(const std::string& name) const {
    std::string current = name;
    for (int hops = 0; hops < 8; ++hops) {
      if (auto it = files.find(current); it != files.end()) return it->second;
      auto link = links.find(current);
      if (link == links.end()) break;
      current = link->second;
    }
    return "";
  }
  Result<std::string> read(const std::string& name) const {
    std::string file = path(name);
    if (file.empty()) return Error(Reason::kNotFound, "archive: " + name + " is missing");
    return os::read_file(file, kMaxMetadata);
  }
  static std::string blob(const std::string& digest) { return "blobs/sha256/" + digest.substr(7); }
};

std::string clean(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.emplace_back(part);
    }
  }
  return join(parts, "/");
}

Result<Extracted> extract(const std::string& path, const std::string& directory) {
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };
  std::unique_ptr<archive, Free> reader(archive_read_new());
  archive* a = reader.get();
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_format_tar(a);
  auto fail = [&] { return Error(Reason::kInvalid, path + ": " + (archive_error_string(a) ? archive_error_string(a) : "unreadable archive")); };
  if (archive_read_open_filename(a, path.c_str(), 1 << 17) != ARCHIVE_OK) return fail();
  Extracted out;
  out.directory = directory;
  for (;;) {
    archive_entry* entry;
    int r = archive_read_next_header(a, &entry);
    if (r == ARCHIVE_EOF) return out;
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN) return fail();
    const char* raw = archive_entry_pathname(entry);
    if (!raw) continue;
    std::string name = clean(raw);
    if (archive_entry_hardlink(entry)) {
      out.links[name] = clean(archive_entry_hardlink(entry));
    } else if (archive_entry_filetype(entry) == AE_IFLNK && archive_entry_symlink(entry)) {
      size_t slash = name.find_last_of('/');
      out.links[name] = clean((slash == std::string::npos ? "" : name.substr(0, slash + 1)) + archive_entry_symlink(entry));
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
      if (out.files.size() > 10000) return Error(Reason::kInvalid, path + ": more than 10000 files");
      std::string target = directory + "/" + std::to_string(out.files.size());
      os::Fd fd(open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!fd) return errno_error("create " + target, errno);
      if (archive_read_data_into_fd(a, fd.get()) != ARCHIVE_OK) {
        int why = archive_errno(a);
        // A full disk is no fault of the archive's.
        if (why == ENOSPC || why == EDQUOT || why == EIO || why == EROFS) return errno_error("write " + target, why);
        return fail();
      }
      out.files[name] = target;
    }
  }
}

std::vector<std::string> tags(const std::string& name) {
  auto ref = parse_reference(name);
  return ref && !ref->tag.empty() ? std::vector<std::string>{ref->tagged()} : std::vector<std::string>{};
}

Result<ImageInfo> add_docker(ImageStore& store, const Extracted& archive, const Json& item) {
  ImageStore::NewImage image;
  image.config = TRY(archive.read(clean(json::str(item, "Config"))));
  for (const Json& tag : json::array_or_empty(json::find(item, "RepoTags")))
    if (tag.is_string())
      for (std::string& name : tags(tag.get<std::string>())) image.tags.push_back(std::move(name));
  const Json& layers = json::array_or_empty(json::find(item, "Layers"));
  image.open_layer = [&](size_t i) -> Result<ByteSource> {
    if (i >= layers.size() || !layers[i].is_string()) return Error(Reason::kInvalid, "archive: the image has fewer layers than its configuration says");
    std::string file = archive.path(clean(layers[i].get<std::string>()));
    if (file.empty()) return Error(Reason::kInvalid, "archive: layer " + layers[i].get<std::string>() + " is missing");
    return file_source(file);
  };
  return store.add(image);
}

Result<ImageInfo> add_oci(ImageStore& store, const Extracted& archive, Descriptor descriptor, const std::string& ref_name) {
  std::string top_digest = descriptor.digest;
  Manifest manifest;
  for (int depth = 0;; ++depth) {
    std::string text = TRY(archive.read(Extracted::blob(descriptor.digest)));
    if (sha256_digest(text) != descriptor.digest) return Error(Reason::kInvalid, "archive: blob " + descriptor.digest + " is damaged");
    manifest = TRY(parse_manifest(text, descriptor.media_type));
    if (!manifest.is_index) break;
    if (depth > 3) return Error(Reason::kInvalid, "archive: indexes nested too deep");
    descriptor = TRY(select_platform(manifest));
  }
  ImageStore::NewImage image;
  image.config = TRY(archive.read(Extracted::blob(manifest.config.digest)));
  if (sha256_digest(image.config) != manifest.config.digest) return Error(Reason::kInvalid, "archive: the image's configuration is damaged");
  image.size_bytes = manifest.config.size;
  for (const Descriptor& layer : manifest.layers) image.size_bytes += layer.size;
  // skopeo writes only the tag as the name: that says nothing about the repository.
  if (ref_name.find_first_of("/:") != std::string::npos) {
    image.tags = tags(ref_name);
    if (auto ref = parse_reference(ref_name)) image.digests.push_back(ref->name() + "@" + top_digest);
  }
  image.open_layer = [&](size_t i) -> Result<ByteSource> {
    if (i >= manifest.layers.size()) return Error(Reason::kInvalid, "archive: the image has fewer layers than its configuration says");
    std::string file = archive.path(Extracted::blob(manifest.layers[i].digest));
    if (file.empty()) return Error(Reason::kInvalid, "archive: layer " + manifest.layers[i].digest + " is missing");
    return file_source(file);
  };
  return store.add(image);
}

}  // namespace

Result<std::vector<ImageInfo>> import_archive(ImageStore& store, const std::string& path) {
  std::string directory = TRY(store.make_temporary_directory());
  auto work = [&]() -> Result<std::vector<ImageInfo>> {
    Extracted archive = TRY(extract(path, directory));
    std::vector<ImageInfo> images;
    if (!archive.path("manifest.json").empty()) {
      Json manifest = TRY(json::parse_json(TRY(archive.read("manifest.json"))));
      for (const Json& item : json::array_or_empty(manifest)) images.push_back(TRY(add_docker(store, archive, item)));
    } else if (!archive.path("index.json").empty()) {
      Manifest index = TRY(parse_manifest(TRY(archive.read("index.json"))));
      for (const Descriptor& entry : index.entries) {
        // An index of platforms rather than of images: take ours.
        if (!entry.architecture.empty() && entry.architecture != machine_architecture() && index.entries.size() > 1) continue;
        images.push_back(TRY(add_oci(store, archive, entry, entry.ref_name)));
      }
    } else {
      return Error(Reason::kInvalid, path + ": neither a docker nor an OCI image archive (no manifest.json, no index.json)");
    }
    if (images.empty()) return Error(Reason::kInvalid, path + ": holds no image for " + machine_architecture());
    return images;
  };
  auto result = work();
  (void)os::remove_tree(directory);
  return result;
}

}  // namespace skerry::runtime
