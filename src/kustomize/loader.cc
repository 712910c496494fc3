#include "kustomize/loader.h"

#include <vector>

#include "base/strings.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

bool below(const std::string& path, const std::string& root) { return path == root || root == "/" || (path.starts_with(root) && path.size() > root.size() && path[root.size()] == '/'); }

// Things `git clone` would understand. A URL without a host we know is one if it says so.
bool is_repository(const std::string& path) {
  if (path.starts_with("git@") || path.starts_with("git::") || path.starts_with("ssh://") || path.starts_with("file://") || path.starts_with("gh:") || path.starts_with("github.com/")) return true;
  return is_remote_file(path);
}

}  // namespace

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string out;
  for (auto part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

std::string join_path(const std::string& root, const std::string& path) { return path.starts_with("/") ? clean_path(path) : clean_path(root + "/" + path); }

bool is_remote_file(std::string_view path) { return path.starts_with("http://") || path.starts_with("https://"); }

Result<Loader> Loader::at(FileSource& files, LoadLimits& limits, const std::string& path) {
  if (is_repository(path)) return bad("a remote repository cannot be built: Skerry's kustomize does not fetch git repositories: " + path);
  Loader out(files, limits, "/", nullptr);
  std::string full = join_path(files.working_directory(), path);
  auto root = out.confirmed_folder(full, path);
  if (!root) return bad("must build at directory: " + root.error().message);
  out.root_ = *root;
  return out;
}

Result<std::string> Loader::confirmed_folder(const std::string& path, const std::string& shown) const {
  auto real = files_->resolve(path);
  if (!real) return bad("not a valid directory: evalsymlink failure on '" + shown + "' : " + real.error().message);
  if (!files_->is_directory(*real)) return bad("'" + shown + "': file is not directory");
  return *real;
}

Result<std::string> Loader::load(const std::string& path) const {
  if (is_remote_file(path)) return files_->fetch(path);
  std::string full = join_path(root_, path);
  auto real = files_->resolve(full);
  if (!real) return bad("evalsymlink failure on '" + full + "' : " + real.error().message);
  if (files_->is_directory(*real)) return bad("'" + full + "' must resolve to a file");
  if (limits_->root_only && !below(*real, root_)) return bad("security; file '" + full + "' is not in or below '" + root_ + "'");
  std::string content = TRY(files_->read(*real));
  limits_->bytes += content.size();
  if (limits_->bytes > LoadLimits::kMaxBytes) return bad("the kustomization reads more than " + std::to_string(LoadLimits::kMaxBytes >> 20) + " MiB");
  return content;
}

Result<Loader> Loader::base(const std::string& path) const {
  if (path.empty()) return bad("new root cannot be empty");
  if (is_repository(path)) return bad("remote bases are not supported: Skerry's kustomize does not fetch git repositories: " + path);
  if (path.starts_with("/")) return bad("new root '" + path + "' cannot be absolute");
  std::string full = join_path(root_, path);
  auto root = confirmed_folder(full, full);
  if (!root) return bad("must build at directory: " + root.error().message);
  for (const Loader* at = this; at != nullptr; at = at->parent_)
    if (below(at->root_, *root)) return bad("cycle detected: candidate root '" + *root + "' contains visited root '" + at->root_ + "'");
  if (++limits_->folders > LoadLimits::kMaxFolders) return bad("the kustomization opens more than " + std::to_string(LoadLimits::kMaxFolders) + " folders");
  return Loader(*files_, *limits_, *root, this);
}

}  // namespace skerry::kustomize
