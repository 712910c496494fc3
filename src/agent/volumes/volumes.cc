#include "agent/volumes/volumes.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "agent/files.h"
#include "agent/volumes/payloads.h"
#include "api/pod.h"
#include "api/quantity.h"
#include "base/log.h"
#include "base/strings.h"

namespace skerry::agent {

struct Volumes::Context {
  const Json& pod;
  const PodFacts& facts;
  const Lookup& lookup;
  const std::string& node_uid;
  std::string ns, uid;
  std::optional<int64_t> fs_group;
  std::optional<int64_t> fs_user;  // the one uid that all containers run as
  MountedVolumes out;
};

namespace {

std::optional<int64_t> optional_integer(const Json& j, std::initializer_list<std::string_view> keys) {
  const Json& v = json::find(j, keys);
  return v.is_number_integer() ? std::optional(v.get<int64_t>()) : std::nullopt;
}

std::optional<int64_t> common_user(const Json& pod) {
  std::optional<int64_t> user;
  auto fallback = optional_integer(pod, {"spec", "securityContext", "runAsUser"});
  for (const char* list : {"initContainers", "containers"})
    for (auto& c : json::array_or_empty(json::find(pod, {"spec", list}))) {
      auto mine = optional_integer(c, {"securityContext", "runAsUser"});
      if (!mine) mine = fallback;
      if (!mine || (user && *user != *mine)) return std::nullopt;
      user = mine;
    }
  return user;
}

mode_t default_mode_of(const Json& source) {
  const Json& m = json::find(source, "defaultMode");
  return m.is_number_integer() ? static_cast<mode_t>(m.get<int64_t>() & 0777) : 0644;
}

Status mount_tmpfs(const std::string& path, const std::string& options, mode_t mode) {
  if (is_mount_point(path)) return {};
  TRY(make_directories(path, 0700));
  if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) return errno_error("mount tmpfs on " + path, errno);
  ::chmod(path.c_str(), mode);
  return {};
}

Status own_directory(const std::string& path, mode_t mode, std::optional<int64_t> gid) {
  if (gid) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*gid)) != 0) return errno_error("chown " + path, errno);
    mode |= 02770;
  }
  if (::chmod(path.c_str(), mode) != 0) return errno_error("chmod " + path, errno);
  return {};
}

Result<std::string> set_up_host_path(const Json& source) {
  const std::string path = json::str(source, "path"), type = json::str(source, "type");
  struct stat st{};
  bool there = ::stat(path.c_str(), &st) == 0;
  auto wrong = [&](const char* what) { return Error(Reason::kInvalid, "hostPath type check failed: " + path + " is not " + what); };
  if (type.empty()) {
    // The runtime creates a directory where nothing is.
    if (!there) TRY(make_directories(path, 0755));
  } else if (type == "DirectoryOrCreate") {
    if (!there) TRY(make_directories(path, 0755));
    else if (!S_ISDIR(st.st_mode)) return wrong("a directory");
  } else if (type == "FileOrCreate") {
    if (!there) TRY(write_file_atomic(path, "", 0644));
    else if (!S_ISREG(st.st_mode)) return wrong("a file");
  } else if (type == "Directory") {
    if (!there || !S_ISDIR(st.st_mode)) return wrong("a directory");
  } else if (type == "File") {
    if (!there || !S_ISREG(st.st_mode)) return wrong("a file");
  } else if (type == "Socket") {
    if (!there || !S_ISSOCK(st.st_mode)) return wrong("a socket file");
  } else if (type == "CharDevice") {
    if (!there || !S_ISCHR(st.st_mode)) return wrong("a character device");
  } else if (type == "BlockDevice") {
    if (!there || !S_ISBLK(st.st_mode)) return wrong("a block device");
  } else {
    return Error(Reason::kInvalid, type + " is an invalid volume type");
  }
  return path;
}

int open_beneath(int root, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

struct Fd {
  explicit Fd(int f) : fd(f) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { if (fd >= 0) ::close(fd); }
  int fd;
};

// Creates the directories of `path` that are missing, each looked up beneath `root`, with the owner's mode of the volume.
Status create_beneath(int root, const std::string& path) {
  struct stat base{};
  if (::fstat(root, &base) != 0) return errno_error("stat of the volume", errno);
  std::string done;
  for (auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return Error(Reason::kInvalid, "subPath must not contain '..'");
    std::string next = done.empty() ? std::string(part) : done + "/" + std::string(part);
    Fd here(open_beneath(root, next, O_PATH));
    if (here.fd < 0) {
      if (errno != ENOENT) return errno_error("open " + next + " below the volume", errno);
      Fd parent(done.empty() ? ::dup(root) : open_beneath(root, done, O_PATH | O_DIRECTORY));
      if (parent.fd < 0) return errno_error("open " + done + " below the volume", errno);
      std::string name(part);
      if (::mkdirat(parent.fd, name.c_str(), base.st_mode & 0777) != 0 && errno != EEXIST) return errno_error("mkdir " + next, errno);
      Fd made(open_beneath(root, next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      if (made.fd >= 0) {
        if (::fchown(made.fd, base.st_uid, base.st_gid) != 0) LOG_DEBUG("agent", "chown of a subPath failed");
        ::fchmod(made.fd, base.st_mode & 07777);
      }
    }
    done = std::move(next);
  }
  return {};
}

}  // namespace

Volumes::Volumes(std::string pods_directory, Tokens& tokens, const Clock& clock)
    : pods_directory_(std::move(pods_directory)), tokens_(tokens), clock_(clock) {}

Result<MountedVolumes> Volumes::set_up(const Json& pod, const PodFacts& facts, const Lookup& lookup, const std::string& node_uid) {
  Context context{.pod = pod, .facts = facts, .lookup = lookup, .node_uid = node_uid,
                  .ns = json::str(pod, {"metadata", "namespace"}), .uid = json::str(pod, {"metadata", "uid"}),
                  .fs_group = optional_integer(pod, {"spec", "securityContext", "fsGroup"}), .fs_user = common_user(pod), .out = {}};
  TRY(make_directories(pods_directory_, 0750));
  TRY(make_directories(pod_directory(context.uid), 0750));
  for (auto& volume : json::array_or_empty(json::find(pod, {"spec", "volumes"}))) {
    const std::string name = json::str(volume, "name");
    auto path = set_up_one(context, volume);
    if (!path) {
      Error e = path.error();
      e.message = "MountVolume.SetUp failed for volume \"" + name + "\" : " + e.message;
      return e;
    }
    context.out.paths[name] = std::move(*path);
  }
  return std::move(context.out);
}

Result<std::string> Volumes::set_up_one(Context& context, const Json& volume) {
  const std::string name = json::str(volume, "name");
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with(".")) return Error(Reason::kInvalid, "invalid volume name");
  Payload payload;
  if (const Json& s = json::find(volume, "hostPath"); s.is_object()) return set_up_host_path(s);
  if (const Json& s = json::find(volume, "configMap"); s.is_object()) {
    TRY(add_object_files(context.ns, s, false, default_mode_of(s), context.lookup, payload));
    return set_up_files(context, name, payload);
  }
  if (const Json& s = json::find(volume, "secret"); s.is_object()) {
    TRY(add_object_files(context.ns, s, true, default_mode_of(s), context.lookup, payload));
    return set_up_files(context, name, payload);
  }
  if (const Json& s = json::find(volume, "downwardAPI"); s.is_object()) {
    TRY(add_downward_files(context.pod, s, default_mode_of(s), context.facts, payload));
    return set_up_files(context, name, payload);
  }
  if (const Json& s = json::find(volume, "projected"); s.is_object()) {
    TRY(add_projected(context, s, payload));
    return set_up_files(context, name, payload);
  }
  for (auto& [kind, source] : volume.items())
    if (kind != "name" && kind != "emptyDir" && !source.is_null())
      return Error(Reason::kNotImplemented, "volumes of kind " + kind + " are not supported yet");
  return set_up_empty_dir(context, name, json::find(volume, "emptyDir"));
}

Status Volumes::add_projected(Context& context, const Json& projected, Payload& out) {
  const mode_t mode = default_mode_of(projected);
  for (auto& source : json::array_or_empty(json::find(projected, "sources"))) {
    if (const Json& s = json::find(source, "configMap"); s.is_object()) {
      TRY(add_object_files(context.ns, s, false, mode, context.lookup, out));
    } else if (const Json& s = json::find(source, "secret"); s.is_object()) {
      TRY(add_object_files(context.ns, s, true, mode, context.lookup, out));
    } else if (const Json& s = json::find(source, "downwardAPI"); s.is_object()) {
      TRY(add_downward_files(context.pod, s, mode, context.facts, out));
    } else if (const Json& s = json::find(source, "serviceAccountToken"); s.is_object()) {
      TokenRequest request{.ns = context.ns, .service_account = json::str(context.pod, {"spec", "serviceAccountName"}, "default"),
                           .pod_name = json::str(context.pod, {"metadata", "name"}), .pod_uid = context.uid,
                           .node_name = context.facts.node_name, .node_uid = context.node_uid,
                           .audience = json::str(s, "audience"), .expiration_s = json::integer(s, "expirationSeconds", 3600)};
      Token token = TRY(tokens_.get(request));
      if (!context.out.refresh_at || token.refresh_at < *context.out.refresh_at) context.out.refresh_at = token.refresh_at;
      const bool own = context.fs_group || context.fs_user;
      out[json::str(s, "path")] = FilePayload{token.text, own ? static_cast<mode_t>(0600) : mode, context.fs_user};
    } else {
      std::string kind = source.is_object() && !source.empty() ? source.begin().key() : "none";
      return Error(Reason::kNotImplemented, "projected sources of kind " + kind + " are not supported yet");
    }
  }
  return {};
}

Result<std::string> Volumes::set_up_files(Context& context, const std::string& name, const Payload& payload) {
  const std::string memory = pod_directory(context.uid) + "/memory";
  TRY(mount_tmpfs(memory, "mode=0755", 0755));
  const std::string path = memory + "/" + name;
  TRY(make_directories(path, 0755));
  TRY(own_directory(path, context.fs_group ? 0755 : 0777, context.fs_group));
  TRY(write_payload(path, payload, context.fs_group, clock_.now()));
  return path;
}

Result<std::string> Volumes::set_up_empty_dir(Context& context, const std::string& name, const Json& source) {
  const std::string medium = json::str(source, "medium");
  if (medium == "Memory") {
    std::string options = "mode=0777";
    int64_t limit = api::Quantity::from_json(json::find(source, "sizeLimit")).value();
    auto limits = api::pod_limits(context.pod);
    if (auto it = limits.find("memory"); it != limits.end() && it->second.value() > 0 && (limit == 0 || it->second.value() < limit))
      limit = it->second.value();
    if (limit > 0) options += ",size=" + std::to_string(limit);
    const std::string path = pod_directory(context.uid) + "/tmpfs/" + name;
    TRY(mount_tmpfs(path, options, 0777));
    TRY(own_directory(path, 0777, context.fs_group));
    return path;
  }
  if (!medium.empty()) return Error(Reason::kNotImplemented, "emptyDir with medium " + medium + " is not supported yet");
  const std::string path = pod_directory(context.uid) + "/volumes/" + name;
  if (exists(path)) return path;
  TRY(make_directories(pod_directory(context.uid) + "/volumes", 0755));
  const std::string fresh = path + "..new";  // no volume is named so: renamed when its mode and owner are right
  TRY(make_directories(fresh, 0777));
  TRY(own_directory(fresh, 0777, context.fs_group));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return errno_error("rename to " + path, errno);
  return path;
}

Status Volumes::tear_down(const std::string& pod_uid) {
  if (pod_uid.empty() || pod_uid.find('/') != std::string::npos || pod_uid.starts_with(".")) return internal_error("bad pod uid");
  const std::string directory = pod_directory(pod_uid);
  tokens_.forget_pod(pod_uid);
  if (!exists(directory)) return {};
  TRY(unmount_below(directory));
  return remove_tree(directory);
}

void Volumes::retain(const std::vector<std::string>& pod_uids) {
  for (auto& uid : list_directory(pods_directory_)) {
    if (std::find(pod_uids.begin(), pod_uids.end(), uid) != pod_uids.end()) continue;
    if (Status s = tear_down(uid); !s) LOG_WARN("agent", "clean-up of pod " << uid << ": " << s.error().message);
  }
  tokens_.retain(pod_uids);
}

Result<std::string> Volumes::bind_sub_path(const std::string& pod_uid, const std::string& container, size_t index,
                                           const std::string& volume_path, const std::string& sub_path) {
  Fd root(::open(volume_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (root.fd < 0) return errno_error("open " + volume_path, errno);
  Fd target(open_beneath(root.fd, sub_path, O_PATH));
  if (target.fd < 0 && errno == ENOENT) {
    TRY(create_beneath(root.fd, sub_path));
    target.fd = open_beneath(root.fd, sub_path, O_PATH);
  }
  if (target.fd < 0)
    return Error(Reason::kInvalid, "failed to prepare subPath for volumeMount: " + sub_path + ": " + errno_error("open", errno).message);
  struct stat st{};
  if (::fstat(target.fd, &st) != 0) return errno_error("stat of " + sub_path, errno);
  const std::string place = pod_directory(pod_uid) + "/subpaths/" + container + "/" + std::to_string(index);
  TRY(make_directories(pod_directory(pod_uid) + "/subpaths/" + container, 0750));
  TRY(unmount_below(place));
  TRY(remove_tree(place));
  if (S_ISDIR(st.st_mode)) TRY(make_directories(place, 0755));
  else TRY(write_file_atomic(place, "", 0644));
  const std::string from = "/proc/self/fd/" + std::to_string(target.fd);
  if (::mount(from.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return errno_error("bind subPath " + sub_path, errno);
  return place;
}

}  // namespace skerry::agent
