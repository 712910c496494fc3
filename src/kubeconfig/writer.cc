#include "kubeconfig/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "base/strings.h"
#include "kubeconfig/paths.h"
#include "os/fd.h"
#include "os/files.h"

namespace skerry::kubeconfig {
namespace {

Error failure(const std::string& what, const std::string& path, int err) {
  return {Reason::kBadRequest, what + " " + path + ": " + go_errno(err)};
}

// <file>.lock, for as long as it lives.
class Lock {
 public:
  static Result<std::unique_ptr<Lock>> take(const std::string& file) {
    TRY(os::make_dirs(folder_of(file), 0755));
    std::string path = file + ".lock";
    os::Fd fd(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
    if (!fd) return failure("open", path, errno);
    return std::unique_ptr<Lock>(new Lock(std::move(path)));
  }
  ~Lock() { ::unlink(path_.c_str()); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  explicit Lock(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// Where a folder cannot be written but the file can: in place.
Status write_in_place(const std::string& path, std::string_view text) {
  os::Fd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!fd) return failure("open", path, errno);
  return os::write_all(fd.get(), text);
}

Status write_config(const Config& config, const std::string& file) {
  std::string path = file;
  struct stat st {};
  const bool existed = ::stat(path.c_str(), &st) == 0;
  if (existed) {  // a link stays a link
    std::error_code error;
    auto real = std::filesystem::canonical(path, error);
    if (!error) path = real.string();
  }
  const std::string text = dump_config(config);
  if (existed && (!S_ISREG(st.st_mode) || ::access(folder_of(path).c_str(), W_OK) != 0)) return write_in_place(path, text);
  TRY(os::write_file_atomic(path, text, existed ? st.st_mode & 0777 : 0600));
  if (existed && st.st_uid != ::geteuid() && ::chown(path.c_str(), st.st_uid, st.st_gid) != 0) return failure("chown", path, errno);
  return {};
}

// The files that changes are written to, read when first touched.
class Files {
 public:
  Result<Config*> open(const std::string& file) {
    auto it = configs_.find(file);
    if (it == configs_.end()) {
      auto config = load_file(file);
      if (!config && !config.error().is(Reason::kNotFound)) return config.error();
      const Config found = config ? *config : Config();
      it = configs_.emplace(file, std::pair(found, found)).first;
    }
    return &it->second.second;
  }
  Status write() {
    for (const auto& [file, config] : configs_)
      if (config.first != config.second) TRY(write_config(config.second, file));
    return {};
  }

 private:
  std::map<std::string, std::pair<Config, Config>> configs_;  // as found, as it is to be
};

// Paths at or below the file's folder become relative to it.
void relativize(Json& object, const std::string& folder) {
  for (auto key : {"certificate-authority", "client-certificate", "client-key", "tokenFile"}) {
    auto value = object.find(key);
    if (value == object.end() || !value->is_string() || value->get_ref<const std::string&>().empty()) continue;
    const std::string path = absolute_path(value->get<std::string>(), folder);
    if (starts_with(path, folder == "/" ? folder : folder + "/")) *value = path.substr(folder == "/" ? 1 : folder.size() + 1);
    else *value = path;
  }
}

Status write_entries(Files& files, Entries Config::*list, const Config& before, const Config& after, const std::string& default_file,
                     Paths paths) {
  for (const auto& [name, entry] : after.*list) {
    auto old = (before.*list).find(name);
    if (old != (before.*list).end() && old->second == entry) continue;
    const std::string& file = entry.origin.empty() ? default_file : entry.origin;
    Config* config = TRY(files.open(file));
    Entry& written = (config->*list)[name] = Entry{entry.value, file};
    if (paths == Paths::kRelative) relativize(written.value, folder_of(file));
  }
  for (const auto& [name, entry] : before.*list) {
    if ((after.*list).contains(name)) continue;
    Config* config = TRY(files.open(entry.origin.empty() ? default_file : entry.origin));
    (config->*list).erase(name);
  }
  return {};
}

Status write_current_context(Files& files, const Sources& sources, const std::string& context) {
  if (sources.is_explicit || !context.empty()) {
    Config* config = TRY(files.open(sources.file_for_new()));
    config->current_context = context;
    return {};
  }
  for (const std::string& file : sources.files) {  // the one that says it
    Config* config = TRY(files.open(file));
    if (config->current_context.empty()) continue;
    config->current_context.clear();
    return {};
  }
  return Error(Reason::kBadRequest, "no config found to write context");
}

}  // namespace

Result<Config> load_for_change(const Sources& sources) {
  Sources existing = sources;
  existing.is_explicit = false;  // a file named by --kubeconfig may be about to be made
  return load(existing);
}

Status modify(const Sources& sources, Paths paths, const std::function<Status(Config&)>& change) {
  if (sources.files.empty()) return Error(Reason::kBadRequest, "KUBECONFIG names no file to write to");
  std::vector<std::string> ordered = sources.files;
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::unique_ptr<Lock>> locks;
  for (const std::string& file : ordered) {
    auto lock = Lock::take(file);
    if (!lock) return lock.error();
    locks.push_back(std::move(*lock));
  }
  const Config before = TRY(load_for_change(sources));
  Config after = before;
  TRY(change(after));
  if (before == after) return {};
  Files files;
  if (before.current_context != after.current_context) TRY(write_current_context(files, sources, after.current_context));
  const std::string default_file = sources.file_for_new();
  if (before.preferences != after.preferences) {
    Config* config = TRY(files.open(default_file));
    config->preferences = after.preferences;
  }
  for (auto list : {&Config::clusters, &Config::users, &Config::contexts}) TRY(write_entries(files, list, before, after, default_file, paths));
  return files.write();
}

}  // namespace skerry::kubeconfig
