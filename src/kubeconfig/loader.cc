#include "kubeconfig/loader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/strings.h"
#include "kubeconfig/paths.h"
#include "os/fd.h"

namespace skerry::kubeconfig {
namespace {

bool exists(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0;
}

void merge_entries(Entries& into, const Entries& from) {
  for (const auto& [name, entry] : from) into.try_emplace(name, entry);
}

void merge(Config& into, const Config& from) {
  merge_entries(into.clusters, from.clusters);
  merge_entries(into.users, from.users);
  merge_entries(into.contexts, from.contexts);
  if (into.current_context.empty()) into.current_context = from.current_context;
  for (const auto& [key, value] : from.preferences.items())
    if (!into.preferences.contains(key)) into.preferences[key] = value;
  for (const auto& [name, value] : from.extensions) into.extensions.try_emplace(name, value);
}

void resolve(Json& object, std::string_view key, const std::string& folder) {
  auto path = object.find(key);
  if (path == object.end() || !path->is_string()) return;
  auto& text = path->get_ref<std::string&>();
  if (!text.empty()) text = absolute_path(text, folder);
}

}  // namespace

std::string absolute_path(const std::string& path, const std::string& folder) {
  namespace fs = std::filesystem;
  fs::path full(path);
  if (full.is_relative()) full = fs::path(folder) / full;
  if (full.is_relative()) {
    std::error_code ignored;
    full = fs::current_path(ignored) / full;
  }
  std::string text = full.lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string folder_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  if (slash == file.npos) return absolute_path(".", "");
  return absolute_path(slash == 0 ? "/" : file.substr(0, slash), "");
}

std::string go_errno(int err) {
  std::string text = std::strerror(err);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Result<std::string> read_named_file(const std::string& path) {
  const auto failure = [&](const char* what, int err) {
    return Error(err == ENOENT ? Reason::kNotFound : Reason::kBadRequest, std::string(what) + " " + path + ": " + go_errno(err));
  };
  os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failure("open", errno);
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure("read", errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > kMaxConfigBytes) return Error(Reason::kBadRequest, "read " + path + ": the file is too large");
  }
}

std::string Sources::file_for_new() const {
  if (files.empty()) return {};
  if (is_explicit || !from_variable) return files.front();
  for (const std::string& file : files)
    if (exists(file)) return file;
  return files.back();
}

Sources find_sources(const std::string& explicit_path, const Environment& environment) {
  Sources sources;
  if (!explicit_path.empty()) {
    sources.files = {explicit_path};
    sources.is_explicit = true;
    return sources;
  }
  const std::string list = environment.get("KUBECONFIG");
  if (list.empty()) {
    const std::string home = environment.get("HOME");
    sources.files = {home.empty() ? ".kube/config" : home + "/.kube/config"};
    return sources;
  }
  sources.from_variable = true;
  for (std::string_view part : split(list, ':')) {
    std::string file(part);
    if (!file.empty() && std::find(sources.files.begin(), sources.files.end(), file) == sources.files.end()) sources.files.push_back(file);
  }
  return sources;
}

Result<Config> load_file(const std::string& path) {
  const auto with_file = [&](const Error& error) {
    return Error(Reason::kBadRequest, "error loading config file \"" + path + "\": " + error.message);
  };
  auto text = read_named_file(path);
  if (!text && text.error().is(Reason::kNotFound)) return text.error();
  if (!text) return with_file(text.error());
  auto config = parse_config(*text, path);
  if (!config) return with_file(config.error());
  return config;
}

Result<Config> load(const Sources& sources) {
  Config merged;
  std::vector<std::string> errors;
  bool first = true;
  if (sources.is_explicit && !exists(sources.files.front()) && errno == ENOENT)
    return Error(Reason::kNotFound, "stat " + sources.files.front() + ": " + go_errno(ENOENT));
  for (const std::string& file : sources.files) {
    auto config = load_file(file);
    if (config) {
      if (std::exchange(first, false)) merged.unknown = config->unknown;
      merge(merged, *config);
    } else if (!config.error().is(Reason::kNotFound)) {
      errors.push_back(config.error().message);
    }
  }
  if (!errors.empty()) return Error(Reason::kBadRequest, join(errors, "\nerror: "));
  return merged;
}

void resolve_paths(Config& config) {
  for (auto& [name, cluster] : config.clusters)
    if (!cluster.origin.empty()) resolve(cluster.value, "certificate-authority", folder_of(cluster.origin));
  for (auto& [name, user] : config.users) {
    if (user.origin.empty()) continue;
    const std::string folder = folder_of(user.origin);
    for (auto key : {"client-certificate", "client-key", "tokenFile"}) resolve(user.value, key, folder);
    // A command without a slash is looked up in PATH.
    auto exec = user.value.find("exec");
    if (exec != user.value.end() && exec->is_object() && json::str(*exec, "command").find('/') != std::string::npos)
      resolve(*exec, "command", folder);
  }
}

}  // namespace skerry::kubeconfig
