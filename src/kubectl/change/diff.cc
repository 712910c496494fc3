// kubectl diff: what apply would change, shown by diff(1).
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/strings.h"
#include "json/yaml.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/prune.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/printer.h"

extern char** environ;

namespace skerry::kubectl {

namespace {

constexpr int kTrouble = 2;  // diff's exit codes: 0 equal, 1 different, above: trouble

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"concurrency", 0, kInt, "1", "Number of objects to process in parallel when diffing against the live version. Accepted for compatibility."},
             field_manager_flag("kubectl-client-side-apply"),
             {"force-conflicts", 0, kBool, "false", "If true, server-side apply will force the changes against conflicts."},
             {"prune", 0, kBool, "false", "Include resources that would be deleted by pruning. Can be used with -l; without, all of them are shown."},
             {"prune-allowlist", 0, kArray, "", "Overwrite the default allowlist with <group/version/kind> for --prune"},
             selector_flag(),
             {"server-side", 0, kBool, "false", "If true, apply runs in the server instead of the client."},
             {"show-managed-fields", 0, kBool, "false", "If true, include managed fields in the diff."},
             {"show-secrets", 0, kBool, "false", "If true, print secret data instead of masking it."},
         } +
         file_flags("Filename, directory, or URL to files contains the configuration to diff");
}

// A folder below the temporary folder, gone with this object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& prefix) {
    const char* tmp = std::getenv("TMPDIR");
    path_ = std::string(tmp && *tmp ? tmp : "/tmp") + "/" + prefix + "XXXXXX";
    if (!::mkdtemp(path_.data())) path_.clear();
  }
  ~TemporaryFolder() {
    std::error_code ec;
    if (!path_.empty()) std::filesystem::remove_all(path_, ec);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Values of Secrets are not for the screen: equal ones become ***, changed ones say before and after.
void mask_secrets(Json& before, Json& after) {
  for (const char* field : {"data", "stringData"}) {
    Json* b = before.is_object() && before.contains(field) ? &before[field] : nullptr;
    Json* a = after.is_object() && after.contains(field) ? &after[field] : nullptr;
    if (b && b->is_object())
      for (auto& [key, value] : b->items()) {
        bool both = a && a->is_object() && a->contains(key), same = both && (*a)[key] == value;
        if (both) (*a)[key] = same ? "***" : "*** (after)";
        value = same ? "***" : both ? "*** (before)" : "***";
      }
    if (a && a->is_object())
      for (auto& [key, value] : a->items())
        if (!(b && b->is_object() && b->contains(key))) value = "***";
  }
}

Status write_file(const std::string& path, const Json& object) {
  std::ofstream out(path, std::ios::binary);
  if (!object.is_null()) out << json::dump_yaml(object);
  if (!out.flush()) return plain_error("cannot write " + path + ": " + std::strerror(errno));
  return {};
}

Result<int> run_program(Session& s, const std::string& from, const std::string& to) {
  std::vector<std::string> args;
  const char* external = std::getenv("KUBECTL_EXTERNAL_DIFF");
  for (auto word : split(external && *external ? external : "diff -u -N", ' '))
    if (!word.empty()) args.emplace_back(word);
  args.push_back(from);
  args.push_back(to);
  std::vector<char*> argv;
  for (auto& a : args) argv.push_back(a.data());
  argv.push_back(nullptr);
  s.out << std::flush;
  pid_t pid;
  if (int rc = ::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ); rc != 0)
    return plain_error("failed to run \"" + args[0] + "\": executable file not found in $PATH");
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kTrouble;
}

Result<Json> merged(Objects& objects, const Item& item, const Json& live, const Session& s) {
  WriteOptions write{.dry_run = true, .field_manager = s.flags.text("field-manager")};
  if (s.flags.boolean("server-side")) {
    if (!s.flags.changed("field-manager")) write.field_manager = "kubectl";
    return objects.patch(item.mapping, item.ns, item.name, PatchKind::kApply, json::dump(item.object), write, s.flags.boolean("force-conflicts"));
  }
  // Without the annotation that apply would write: it is not what one wants to see.
  if (live.is_null()) return objects.create(item.mapping, item.ns, item.object, write);
  Json wanted = item.object;
  Json& annotations = wanted["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  auto patch = make_apply_patch(item.mapping, wanted, live);
  return objects.patch(item.mapping, item.ns, item.name, patch.kind, patch.body, write);
}

// Files of the same name in two folders: an object before and after.
class Sides {
 public:
  Sides() : from_("LIVE-"), to_("MERGED-") {}
  Status check() const {
    if (!from_.path().empty() && !to_.path().empty()) return {};
    return plain_error("unable to create a temporary folder: " + std::string(std::strerror(errno)));
  }
  Status write(const Item& item, const Json& before, const Json& after) const {
    std::string name = file_name(item);
    TRY(write_file(from_.path() + "/" + name, before));
    return write_file(to_.path() + "/" + name, after);
  }
  Status write_gone(const Item& item, const Json& before) const { return write_file(from_.path() + "/" + file_name(item), before); }
  const std::string& from() const { return from_.path(); }
  const std::string& to() const { return to_.path(); }

 private:
  static std::string file_name(const Item& item) {
    auto& m = item.mapping;
    return (m.group.empty() ? "" : m.group + ".") + m.version + "." + m.kind + "." + item.ns + "." + item.name;
  }
  TemporaryFolder from_, to_;
};

Status compare(Session& s, const Item& item, Sides& sides, Visited& visited) {
  auto* objects = TRY(s.objects());
  Json live;
  auto got = objects->get(item.mapping, item.ns, item.name);
  if (got) live = std::move(*got);
  else if (got.error().code != 404) return got.error();
  if (!live.is_null()) visited.uids.insert(json::str(live, {"metadata", "uid"}));
  if (item.mapping.namespaced) visited.namespaces.insert(item.ns);
  Json after = TRY(merged(*objects, item, live, s));
  if (!s.flags.boolean("show-managed-fields")) {
    live = live.is_null() ? live : output::without_managed_fields(live);
    after = output::without_managed_fields(after);
  }
  bool secret = item.mapping.kind == "Secret" && item.mapping.group.empty();
  if (secret && !s.flags.boolean("show-secrets")) mask_secrets(live, after);
  return sides.write(item, live, after);
}

Status show_pruned(Session& s, const std::vector<Mapping>& kinds, const Sides& sides, const Visited& visited) {
  auto* objects = TRY(s.objects());
  std::vector<Item> pruned = TRY(find_unvisited(s, *objects, kinds, visited));
  for (auto& item : pruned) {
    Json object = s.flags.boolean("show-managed-fields") ? item.object : output::without_managed_fields(item.object);
    Json nothing;
    if (item.mapping.kind == "Secret" && item.mapping.group.empty() && !s.flags.boolean("show-secrets")) mask_secrets(object, nothing);
    TRY(sides.write_gone(item, object));
  }
  return {};
}

Result<int> diff(Session& s) {
  if (!s.words().empty()) return usage_error("Unexpected args: [" + join(s.words(), " ") + "]");
  if (s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
  if (s.flags.boolean("force-conflicts") && !s.flags.boolean("server-side")) return plain_error("--force-conflicts only works with --server-side");
  const bool prunes = s.flags.boolean("prune");
  std::vector<Mapping> kinds;
  if (prunes) kinds = TRY(prune_kinds(s));
  Sides sides;
  TRY(sides.check());
  auto selected = TRY(select_in_files(s));
  for (auto& e : selected.errors) return e;
  Visited visited;
  if (s.ns_enforced()) visited.namespaces.insert(TRY(s.ns()));
  for (auto& item : selected.items) TRY(compare(s, item, sides, visited));
  if (prunes) TRY(show_pruned(s, kinds, sides, visited));
  return run_program(s, sides.from(), sides.to());
}

Result<int> run(Session& s) {
  auto code = diff(s);
  if (code) return code;
  // Exit code 1 means "different"; trouble is above it.
  s.fail(code.error());
  return kTrouble;
}

}  // namespace

constexpr Command kDiff{
    .use = "diff -f FILENAME",
    .brief = "Diff the live version against a would-be applied version",
    .text = "Show what `apply` of the same files would change, as the server would store it. The differences are shown by \"diff -u -N\" or the program in "
            "KUBECTL_EXTERNAL_DIFF. Exit code: 0 nothing differs, 1 something does, above 1 an error.",
    .examples = "  # A file\n  kubectl diff -f web.yaml\n\n  # Standard input\n  cat web.yaml | kubectl diff -f -\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
