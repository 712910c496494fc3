#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>

#include "base/log.h"
#include "base/random.h"
#include "embedded/services_bpf.h"
#include "proxy/bpf_maps.h"
#include "proxy/dataplane.h"

namespace skerry::proxy {
namespace {

Error unavailable(const std::string& what, int err) {
  return {Reason::kNotImplemented, "eBPF services: " + what + ": " + std::strerror(err)};
}

Status ensure_bpffs(const std::string& dir) {
  std::error_code ec;
  std::filesystem::create_directories(dir, ec);
  struct statfs info {};
  if (statfs(dir.c_str(), &info) != 0) return unavailable(dir, errno);
  if (static_cast<unsigned long>(info.f_type) == BPF_FS_MAGIC) return {};
  if (mount("bpf", dir.c_str(), "bpf", 0, "mode=0700") != 0) return unavailable("mount bpf on " + dir, errno);
  return {};
}

struct KeyLess {
  bool operator()(const service_key& a, const service_key& b) const { return std::memcmp(&a, &b, sizeof a) < 0; }
};

class Ebpf final : public Dataplane {
 public:
  explicit Ebpf(bpf_object* object) : object_(object) {
    services_ = bpf_object__find_map_fd_by_name(object, "services");
    backends_ = bpf_object__find_map_fd_by_name(object, "backends");
    namespaces_ = bpf_object__find_map_fd_by_name(object, "namespaces");
    // Ids of an earlier run may still be in the maps; a random start keeps clear of them.
    next_id_ = static_cast<uint32_t>(SystemRandom().next() & 0x7fffffff);
  }
  ~Ebpf() override { bpf_object__close(object_); }

  std::string_view name() const override { return "ebpf"; }

  Status set(const std::string& service, const std::vector<Frontend>& frontends) override {
    std::map<service_key, Frontend, KeyLess> wanted;
    for (auto& f : frontends) {
      if (f.kind == Frontend::Kind::kNodePort || (f.protocol != IPPROTO_TCP && f.protocol != IPPROTO_UDP)) continue;
      service_key key{htonl(f.ip), htons(f.port), f.protocol, 0};
      wanted[key] = f;
    }
    auto& have = by_service_[service];
    for (auto it = have.begin(); it != have.end();) {
      if (wanted.contains(it->first)) {
        ++it;
        continue;
      }
      drop(it->first, it->second.second);
      it = have.erase(it);
    }
    for (auto& [key, frontend] : wanted) {
      auto it = have.find(key);
      if (it != have.end() && it->second.first == frontend) continue;
      service_value value{next_id_++, static_cast<uint32_t>(frontend.backends.size()), frontend.affinity_s};
      uint32_t slot = 0;
      for (auto& b : frontend.backends) {
        backend_key k{value.id, slot++};
        backend_value v{htonl(b.ip), htons(b.port), 0};
        if (bpf_map_update_elem(backends_, &k, &v, BPF_ANY) != 0) return errno_error("eBPF services: backend map", errno);
      }
      if (bpf_map_update_elem(services_, &key, &value, BPF_ANY) != 0) return errno_error("eBPF services: service map", errno);
      if (it != have.end()) drop_backends(it->second.second);
      have[key] = {frontend, value};
    }
    if (have.empty()) by_service_.erase(service);
    return {};
  }

  Status commit() override {
    if (swept_) return {};
    swept_ = true;
    // What an earlier run put there and nobody wants any more.
    std::map<uint32_t, bool> ids;
    std::map<service_key, bool, KeyLess> ours;
    for (auto& [service, entries] : by_service_)
      for (auto& [key, entry] : entries) {
        ours[key] = true;
        ids[entry.second.id] = true;
      }
    std::vector<service_key> old_services;
    service_key key{}, next_key{};
    for (void* at = nullptr; bpf_map_get_next_key(services_, at, &next_key) == 0; at = &key) {
      key = next_key;
      if (!ours.contains(key)) old_services.push_back(key);
    }
    for (auto& k : old_services) bpf_map_delete_elem(services_, &k);
    std::vector<backend_key> old_backends;
    backend_key bkey{}, bnext{};
    for (void* at = nullptr; bpf_map_get_next_key(backends_, at, &bnext) == 0; at = &bkey) {
      bkey = bnext;
      if (!ids.contains(bkey.id)) old_backends.push_back(bkey);
    }
    for (auto& k : old_backends) bpf_map_delete_elem(backends_, &k);
    return {};
  }

  void set_namespace(uint64_t cookie, bool present) override {
    uint8_t one = 1;
    if (present) bpf_map_update_elem(namespaces_, &cookie, &one, BPF_ANY);
    else bpf_map_delete_elem(namespaces_, &cookie);
  }

 private:
  void drop_backends(const service_value& value) {
    for (uint32_t slot = 0; slot < value.count; ++slot) {
      backend_key k{value.id, slot};
      bpf_map_delete_elem(backends_, &k);
    }
  }
  void drop(const service_key& key, const service_value& value) {
    bpf_map_delete_elem(services_, &key);
    drop_backends(value);
  }

  bpf_object* object_;
  int services_, backends_, namespaces_;
  uint32_t next_id_;
  bool swept_ = false;
  std::map<std::string, std::map<service_key, std::pair<Frontend, service_value>, KeyLess>> by_service_;
};

int log_libbpf(enum libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG) return 0;
  char line[512];
  std::vsnprintf(line, sizeof line, format, args);
  LOG_DEBUG("proxy", "libbpf: " << line);
  return 0;
}

}  // namespace

Result<std::unique_ptr<Dataplane>> make_ebpf_dataplane(const EbpfOptions& options) {
  libbpf_set_print(log_libbpf);
  if (options.cgroup_root.empty()) return Error(Reason::kNotImplemented, "eBPF services: no cgroup v2 is mounted");
  TRY(ensure_bpffs(options.pin_dir));
  auto image = embedded::services_bpf();
  LIBBPF_OPTS(bpf_object_open_opts, open_options, .object_name = "skerry");
  bpf_object* object = bpf_object__open_mem(image.data(), image.size(), &open_options);
  if (object == nullptr) return unavailable("open", errno);
  // Maps are shared with an earlier run, so that sockets and namespaces stay known over a restart.
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    std::string path = options.pin_dir + "/" + bpf_map__name(map);
    if (std::string_view(bpf_map__name(map)).starts_with(".")) continue;
    bpf_map__set_pin_path(map, path.c_str());
  }
  if (int err = bpf_object__load(object); err != 0) {
    bpf_object__close(object);
    // A map of another shape from another version is in the way: start afresh.
    if (err != -EINVAL || ::access((options.pin_dir + "/services").c_str(), F_OK) != 0) return unavailable("load", -err);
    TRY(remove_ebpf(options.pin_dir));
    TRY(ensure_bpffs(options.pin_dir));
    object = bpf_object__open_mem(image.data(), image.size(), &open_options);
    if (object == nullptr) return unavailable("open", errno);
    bpf_object__for_each_map(map, object)
      if (!std::string_view(bpf_map__name(map)).starts_with(".")) bpf_map__set_pin_path(map, (options.pin_dir + "/" + bpf_map__name(map)).c_str());
    err = bpf_object__load(object);
    if (err != 0) {
      bpf_object__close(object);
      return unavailable("load", -err);
    }
  }
  int cgroup = ::open(options.cgroup_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) {
    bpf_object__close(object);
    return unavailable(options.cgroup_root, errno);
  }
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    bpf_link* link = bpf_program__attach_cgroup(program, cgroup);
    if (link == nullptr) {
      int err = errno;
      ::close(cgroup);
      bpf_object__close(object);
      return unavailable(std::string("attach ") + bpf_program__name(program), err);
    }
    // The new program is attached before the old one's pin goes: no moment without one.
    std::string pin = options.pin_dir + "/link_" + bpf_program__name(program);
    ::unlink(pin.c_str());
    if (bpf_link__pin(link, pin.c_str()) != 0) LOG_WARN("proxy", "cannot pin " << pin << ": services end with this process");
    bpf_link__disconnect(link);
    bpf_link__destroy(link);
  }
  ::close(cgroup);
  return std::unique_ptr<Dataplane>(new Ebpf(object));
}

Status remove_ebpf(const std::string& pin_dir) {
  std::error_code ec;
  if (!std::filesystem::exists(pin_dir, ec)) return {};
  // Pinned links and maps go with their names.
  for (auto& entry : std::filesystem::directory_iterator(pin_dir, ec)) ::unlink(entry.path().c_str());
  struct statfs info {};
  while (statfs(pin_dir.c_str(), &info) == 0 && static_cast<unsigned long>(info.f_type) == BPF_FS_MAGIC)
    if (umount2(pin_dir.c_str(), MNT_DETACH) != 0) break;
  std::filesystem::remove(pin_dir, ec);
  return {};
}

}  // namespace skerry::proxy
