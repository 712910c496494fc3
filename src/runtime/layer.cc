#include "runtime/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/strings.h"
#include "os/files.h"
#include "runtime/sha256.h"

namespace skerry::runtime {

namespace {

using os::Fd;

struct ReaderDeleter {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, ReaderDeleter>;

std::string problem(archive* a) {
  const char* text = archive_error_string(a);
  return text ? text : "unreadable archive";
}

// The outer reader takes the compression off; the inner one reads the tar and sees every byte pass the hash.
struct Decompressor {
  const ByteSource& source;
  Reader reader{archive_read_new()};
  Sha256 sha;
  std::string buffer = std::string(1 << 17, '\0');
  Status status;  // of the source
  bool ended = false;

  explicit Decompressor(const ByteSource& s) : source(s) {}

  Status open() {
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_raw(reader.get());
    archive_read_support_format_empty(reader.get());
    auto read = [](archive* a, void* self, const void** out) -> la_ssize_t {
      auto* d = static_cast<Decompressor*>(self);
      auto bytes = d->source();
      if (!bytes) {
        d->status = bytes.error();
        archive_set_error(a, EIO, "%s", bytes.error().message.c_str());
        return -1;
      }
      *out = bytes->data();
      return static_cast<la_ssize_t>(bytes->size());
    };
    archive_entry* entry;
    if (archive_read_open(reader.get(), this, nullptr, read, nullptr) != ARCHIVE_OK) return fail();
    int r = archive_read_next_header(reader.get(), &entry);
    if (r == ARCHIVE_EOF) ended = true;
    else if (r != ARCHIVE_OK) return fail();
    return {};
  }
  Error fail() {
    if (!status) return status.error();
    return Error(Reason::kInvalid, "layer: " + problem(reader.get()));
  }
  // Bytes of the tar; 0 at the end, < 0 on failure.
  la_ssize_t next() {
    if (ended) return 0;
    la_ssize_t n = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (n > 0) sha.add(buffer.data(), n);
    if (n <= 0) ended = true;
    return n;
  }
};

// Path components, with "." and empty ones left out. nullopt where ".." stands in it.
std::optional<std::vector<std::string>> components(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.size() > 255) return std::nullopt;
    parts.emplace_back(part);
  }
  return parts;
}

class Unpacker {
 public:
  Unpacker(std::string target, const std::vector<std::string>& parents) : target_(std::move(target)), parents_(parents) {}

  Status entry(archive* a, archive_entry* e);
  void finish();
  uint64_t size() const { return size_; }

 private:
  Result<Fd> open_parent(const std::vector<std::string>& parts);
  Status clear(int parent, const char* name, bool directory);
  Status whiteout(int parent, const std::vector<std::string>& parts, std::string_view name);
  Status regular(archive* a, archive_entry* e, int parent, const char* name);
  Status hard_link(archive_entry* e, int parent, const char* name);
  Status metadata(archive_entry* e, int parent, const char* name);
  Error fail(std::string_view what, archive_entry* e) const {
    return errno_error("unpack layer: " + std::string(what) + " " + (archive_entry_pathname(e) ? archive_entry_pathname(e) : "?"), errno);
  }

  struct DirectoryTime {
    std::string path;
    timespec times[2];
  };
  const std::string target_;
  const std::vector<std::string>& parents_;
  std::vector<DirectoryTime> directory_times_;
  uint64_t size_ = 0;
};

// Opens the directory that holds the entry, making what is missing.
Result<Fd> Unpacker::open_parent(const std::vector<std::string>& parts) {
  std::string path;
  for (size_t i = 0; i + 1 < parts.size(); ++i) path += "/" + parts[i];
  auto existing = os::open_in_root(target_, path, O_PATH | O_DIRECTORY);
  if (existing || existing.error().reason != Reason::kNotFound) return existing;
  path.clear();
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    Fd above = TRY(os::open_in_root(target_, path, O_PATH | O_DIRECTORY));
    path += "/" + parts[i];
    if (mkdirat(above.get(), parts[i].c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return errno_error("unpack layer: mkdir " + path, errno);
    }
    for (const std::string& lower : parents_) {
      auto fd = os::open_in_root(lower, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      struct stat st;
      if (!fd || fstat(fd->get(), &st) != 0) continue;
      (void)!fchownat(above.get(), parts[i].c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
      (void)!fchmodat(above.get(), parts[i].c_str(), st.st_mode & 07777, 0);
      break;
    }
  }
  return os::open_in_root(target_, path, O_PATH | O_DIRECTORY);
}

// Makes room for a new entry; a directory may stay where a directory comes.
Status Unpacker::clear(int parent, const char* name, bool directory) {
  struct stat st;
  if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return {};
  if (S_ISDIR(st.st_mode)) {
    if (directory) return {};
    return os::remove_tree("/proc/self/fd/" + std::to_string(parent) + "/" + name);
  }
  if (unlinkat(parent, name, 0) != 0) return errno_error(std::string("unpack layer: replace ") + name, errno);
  return {};
}

Status Unpacker::whiteout(int parent, const std::vector<std::string>& parts, std::string_view name) {
  if (name == ".wh..wh..opq") {
    std::string path = "/proc/self/fd/" + std::to_string(parent);
    if (setxattr(path.c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0)
      return errno_error("unpack layer: mark opaque " + parts.back(), errno);
    return {};
  }
  if (starts_with(name, ".wh..wh.")) return {};  // aufs' own files
  std::string hidden(name.substr(4));
  if (hidden.empty() || hidden == "." || hidden == "..") return Error(Reason::kInvalid, "unpack layer: malformed whiteout");
  if (faccessat(parent, hidden.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return {};
  if (mknodat(parent, hidden.c_str(), S_IFCHR | 0600, makedev(0, 0)) != 0)
    return errno_error("unpack layer: whiteout " + hidden, errno);
  return {};
}

Status Unpacker::regular(archive* a, archive_entry* e, int parent, const char* name) {
  Fd fd(openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail("create", e);
  const void* data;
  size_t size;
  la_int64_t offset;
  for (;;) {
    int r = archive_read_data_block(a, &data, &size, &offset);
    if (r == ARCHIVE_EOF) break;
    if (r != ARCHIVE_OK) return Error(Reason::kInvalid, "unpack layer: " + problem(a));
    for (size_t done = 0; done < size;) {
      ssize_t n = pwrite(fd.get(), static_cast<const char*>(data) + done, size - done, offset + static_cast<la_int64_t>(done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail("write", e);
      done += n;
    }
    size_ += size;
  }
  if (archive_entry_size_is_set(e) && ftruncate(fd.get(), archive_entry_size(e)) != 0) return fail("truncate", e);
  return {};
}

Status Unpacker::hard_link(archive_entry* e, int parent, const char* name) {
  auto parts = components(archive_entry_hardlink(e));
  if (!parts || parts->empty()) return Error(Reason::kInvalid, "unpack layer: hard link leads outside");
  std::string directory;
  for (size_t i = 0; i + 1 < parts->size(); ++i) directory += "/" + (*parts)[i];
  Fd from = TRY(os::open_in_root(target_, directory, O_PATH | O_DIRECTORY));
  if (linkat(from.get(), parts->back().c_str(), parent, name, 0) != 0) return fail("hard link", e);
  return {};
}

Status Unpacker::metadata(archive_entry* e, int parent, const char* name) {
  mode_t type = archive_entry_filetype(e);
  if (fchownat(parent, name, static_cast<uid_t>(archive_entry_uid(e)), static_cast<gid_t>(archive_entry_gid(e)), AT_SYMLINK_NOFOLLOW) != 0)
    return fail("chown", e);
  if (type != AE_IFLNK && fchmodat(parent, name, archive_entry_perm(e) & 07777, 0) != 0) return fail("chmod", e);
  const char *attribute;
  const void* value;
  size_t size;
  archive_entry_xattr_reset(e);
  std::string path = "/proc/self/fd/" + std::to_string(parent) + "/" + name;
  while (archive_entry_xattr_next(e, &attribute, &value, &size) == ARCHIVE_OK) {
    // overlayfs' own marks must come from whiteouts alone.
    if (starts_with(attribute, "trusted.")) continue;
    if (lsetxattr(path.c_str(), attribute, value, size, 0) != 0 && errno != ENOTSUP && errno != EPERM) return fail("set attributes of", e);
  }
  timespec times[2] = {{archive_entry_mtime(e), archive_entry_mtime_nsec(e)}, {archive_entry_mtime(e), archive_entry_mtime_nsec(e)}};
  if (!archive_entry_mtime_is_set(e)) return {};
  (void)utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
  return {};
}

Status Unpacker::entry(archive* a, archive_entry* e) {
  const char* raw = archive_entry_pathname(e);
  if (!raw) return Error(Reason::kInvalid, "unpack layer: an entry without a name");
  auto parts = components(raw);
  if (!parts) return Error(Reason::kInvalid, std::string("unpack layer: unsafe path ") + raw);
  mode_t type = archive_entry_filetype(e);
  if (parts->empty()) {  // the root directory itself
    if (type == AE_IFDIR) {
      Fd root(open(target_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      return metadata(e, root.get(), ".");
    }
    return {};
  }
  Fd parent = TRY(open_parent(*parts));
  const std::string& name = parts->back();
  if (starts_with(name, ".wh.")) return whiteout(parent.get(), *parts, name);
  if (archive_entry_hardlink(e)) {
    TRY(clear(parent.get(), name.c_str(), false));
    return hard_link(e, parent.get(), name.c_str());
  }
  TRY(clear(parent.get(), name.c_str(), type == AE_IFDIR));
  switch (type) {
    case AE_IFDIR:
      if (mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return fail("mkdir", e);
      break;
    case AE_IFREG:
      TRY(regular(a, e, parent.get(), name.c_str()));
      break;
    case AE_IFLNK:
      if (symlinkat(archive_entry_symlink(e) ? archive_entry_symlink(e) : "", parent.get(), name.c_str()) != 0) return fail("symlink", e);
      break;
    case AE_IFCHR:
    case AE_IFBLK:
    case AE_IFIFO:
      if (mknodat(parent.get(), name.c_str(), type | 0600, type == AE_IFIFO ? 0 : makedev(archive_entry_rdevmajor(e), archive_entry_rdevminor(e))) != 0)
        return fail("make device", e);
      break;
    default:
      return {};  // sockets and the like are not kept in images
  }
  TRY(metadata(e, parent.get(), name.c_str()));
  if (type == AE_IFDIR && archive_entry_mtime_is_set(e)) {
    timespec t{archive_entry_mtime(e), archive_entry_mtime_nsec(e)};
    directory_times_.push_back({join(*parts, "/"), {t, t}});
  }
  return {};
}

// What was put into a directory changed its time.
void Unpacker::finish() {
  for (auto it = directory_times_.rbegin(); it != directory_times_.rend(); ++it)
    if (auto fd = os::open_in_root(target_, it->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) (void)futimens(fd->get(), it->times);
}

}  // namespace

ByteSource file_source(const std::string& path) {
  auto fd = std::make_shared<Fd>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  auto buffer = std::make_shared<std::string>(1 << 17, '\0');
  return [=]() -> Result<std::string_view> {
    if (!*fd) return errno_error("open " + path, ENOENT);
    for (;;) {
      ssize_t n = read(fd->get(), buffer->data(), buffer->size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno_error("read " + path, errno);
      return std::string_view(buffer->data(), n);
    }
  };
}

Result<UnpackedLayer> unpack_layer(const ByteSource& source, const std::string& target, const std::vector<std::string>& parents) {
  Decompressor input(source);
  TRY(input.open());
  Reader tar(archive_read_new());
  archive_read_support_format_tar(tar.get());
  archive_read_support_format_empty(tar.get());
  auto read = [](archive* a, void* self, const void** out) -> la_ssize_t {
    auto* d = static_cast<Decompressor*>(self);
    la_ssize_t n = d->next();
    if (n < 0) archive_set_error(a, EIO, "%s", problem(d->reader.get()).c_str());
    *out = d->buffer.data();
    return n;
  };
  if (archive_read_open(tar.get(), &input, nullptr, read, nullptr) != ARCHIVE_OK)
    return Error(Reason::kInvalid, "unpack layer: " + problem(tar.get()));
  Unpacker unpacker(target, parents);
  for (;;) {
    archive_entry* entry;
    int r = archive_read_next_header(tar.get(), &entry);
    if (r == ARCHIVE_EOF) break;
    if (r == ARCHIVE_RETRY) continue;
    if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
      if (!input.status) return input.status.error();
      return Error(Reason::kInvalid, "unpack layer: " + problem(tar.get()));
    }
    TRY(unpacker.entry(tar.get(), entry));
  }
  unpacker.finish();
  for (la_ssize_t n; (n = input.next()) != 0;)
    if (n < 0) return input.fail();
  return UnpackedLayer{input.sha.digest(), unpacker.size()};
}

}  // namespace skerry::runtime
