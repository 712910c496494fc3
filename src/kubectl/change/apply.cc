// kubectl apply: client-side with the three-way patch, or --server-side.
#include <optional>

#include "base/strings.h"
#include "kubectl/change/apply_last_applied.h"
#include "kubectl/change/apply_patch.h"
#include "kubectl/change/apply_server_side.h"
#include "kubectl/change/apply_set.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/delete_flags.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/change/prune.h"
#include "kubectl/objects.h"
#include "kubectl/printing.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  std::vector<Flag> apply_set;
  if (ApplySet::enabled())
    apply_set = {{"applyset", 0, kString, "", "[alpha] The object that tracks what is applied together: [RESOURCE][.GROUP]/NAME, of kind Secret where only a name is given."}};
  return std::move(apply_set) + std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources in the namespace of the specified resource types."},
             dry_run_flag(),
             field_manager_flag("kubectl-client-side-apply"),
             {"force-conflicts", 0, kBool, "false", "If true, server-side apply will force the changes against conflicts."},
             {"openapi-patch", 0, kBool, "true", "Accepted for compatibility: the built-in kinds are known to this client."},
             {"overwrite", 0, kBool, "true", "Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration"},
             {"prune", 0, kBool, "false",
              "Automatically delete resource objects, that do not appear in the configs and are created by either apply or create --save-config. Should be used "
              "with either -l or --all."},
             {"prune-allowlist", 0, kArray, "", "Overwrite the default allowlist with <group/version/kind> for --prune"},
             {"prune-whitelist", 0, kArray, "", "Overwrite the default whitelist with <group/version/kind> for --prune", "", true, "Use --prune-allowlist instead."},
             selector_flag(),
             {"server-side", 0, kBool, "false", "If true, apply runs in the server instead of the client."},
             {"subresource", 0, kString, "", "If specified, apply will operate on the subresource of the requested object. Only allowed when using --server-side."},
             validate_flag(),
         } +
         file_flags("The files that contain the configurations to apply.") + delete_flags("false") + print_flags();
}

class Apply {
 public:
  explicit Apply(Session& s) : s_(s), f_(s.flags) {}

  Result<int> run() {
    TRY(check());
    auto selected = TRY(select_in_files(s_));
    auto errors = std::move(selected.errors);
    objects_ = TRY(s_.objects());
    if (selected.items.empty() && errors.empty()) return plain_error("no objects passed to apply");
    if (s_.ns_enforced()) visited_.namespaces.insert(TRY(s_.ns()));
    if (apply_set_) {
      TRY(apply_set_->label(selected.items));
      TRY(apply_set_->before_apply(s_, selected.items, dry_run_, write_.field_validation));
    }
    for (auto& item : selected.items) {
      auto status = one(item);
      if (!status) {
        errors.push_back(status.error());
        if (status.error().code == 0 && starts_with(status.error().message, "Unable to connect")) break;
      }
    }
    s_.fail(errors);
    TRY(print_collected());
    if (f_.boolean("prune") && !s_.failed()) TRY(prune_rest());
    return 0;
  }

 private:
  Status prune_rest() {
    std::vector<Item> rest;
    if (apply_set_) rest = TRY(apply_set_->find_unvisited(s_, visited_.uids));
    else rest = TRY(find_unvisited(s_, *objects_, prune_kinds_, visited_));
    TRY(prune(s_, *objects_, rest, dry_run_));
    return apply_set_ ? apply_set_->after_prune(s_, dry_run_, write_.field_validation) : Status();
  }

  Status check() {
    if (!s_.words().empty()) return usage_error("Unexpected args: [" + join(s_.words(), " ") + "]");
    dry_run_ = TRY(dry_run_of(s_));
    delete_options_ = TRY(delete_options_of(s_));
    if (f_.list("filename").empty() && f_.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
    server_side_ = f_.boolean("server-side");
    const bool prunes = f_.boolean("prune"), force = f_.boolean("force"), all = f_.boolean("all");
    const std::string selector = f_.text("selector");
    if (f_.has("applyset") && !f_.text("applyset").empty()) apply_set_ = TRY(ApplySet::parse(s_, f_.text("applyset")));
    if (prunes && !apply_set_) prune_kinds_ = TRY(prune_kinds(s_));
    if (f_.boolean("force-conflicts") && !server_side_) return plain_error("--force-conflicts only works with --server-side");
    if (dry_run_ == DryRun::kClient && server_side_) return plain_error("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
    if (force && server_side_) return plain_error("--force cannot be used with --server-side");
    if (dry_run_ == DryRun::kServer && force) return plain_error("--dry-run=server cannot be used with --force");
    if (!f_.text("subresource").empty() && !server_side_) return plain_error("--subresource can only be specified for --server-side");
    if (all && !selector.empty()) return plain_error("cannot set --all and --selector at the same time");
    if (apply_set_ && !prunes) return plain_error("--applyset requires --prune");
    if (apply_set_) TRY(apply_set_->validate(s_));
    if (prunes && force) return plain_error("--force cannot be used with --prune");
    if (apply_set_) {
      if (all) return plain_error("--all is incompatible with --applyset");
      if (!selector.empty()) return plain_error("--selector is incompatible with --applyset");
      if (!f_.list("prune-allowlist").empty()) return plain_error("--prune-allowlist is incompatible with --applyset");
    } else if (prunes) {
      if (!all && selector.empty())
        return plain_error("all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all "
                           "resources, specify a label selector");
      if (server_side_) return plain_error("--prune is in alpha and doesn't currently work on objects created by server-side apply");
    }
    write_ = TRY(write_options_of(s_));
    if (server_side_ && !f_.changed("field-manager")) write_.field_manager = kServerSideManager;
    write_.subresource = f_.text("subresource");
    printer_ = TRY(result_printer(s_, dry_run_));
    std::string o = f_.text("output");
    collects_ = !o.empty() && o != "name";
    return {};
  }

  Status one(const Item& item) {
    if (item.name.empty()) {
      if (!json::str(item.object, {"metadata", "generateName"}).empty())
        return plain_error("from " + json::str(item.object, {"metadata", "generateName"}) + ": cannot use generate name with apply");
      return plain_error("error when retrieving current configuration of:\n" + describe_target(item) + "\nfrom server for: \"" + item.source + "\": resource name may not be empty");
    }
    if (server_side_) return apply_on_server(item);
    auto current = objects_->get(item.mapping, item.ns, item.name);
    if (!current) {
      if (current.error().code != 404) {
        Error e = current.error();
        if (e.code) e.message = "error when retrieving current configuration of:\n" + describe_target(item) + "\nfrom server for: \"" + item.source + "\": " + e.message;
        return e;
      }
      return create(item);
    }
    if (!has_last_applied(*current))
      s_.warn("resource " + item.mapping.resource + "/" + item.name + " is missing the " + std::string(kLastApplied) +
              " annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create "
              "--save-config or kubectl apply. The missing annotation will be patched automatically.");
    if (!json::str(*current, {"metadata", "deletionTimestamp"}).empty())
      s_.warn("Detected changes to resource " + item.name + " which is currently being deleted.");
    if (dry_run_ == DryRun::kClient) {
      Json modified = with_last_applied(item.object);
      auto patch = make_apply_patch(item.mapping, modified, *current);
      if (patch.body == "{}") return done(item, *current, "unchanged");
      auto patched = TRY(patch_locally(item.mapping, patch, *current));
      return done(item, patched, "configured");
    }
    auto result = TRY(patch_existing(*objects_, item, with_last_applied(item.object), std::move(*current),
                                     {.write = write_, .force = f_.boolean("force"), .overwrite = f_.boolean("overwrite"), .delete_options = delete_options_,
                                      .warn = [this](const std::string& text) { s_.err << text; }}));
    return done(item, result.object, result.changed ? "configured" : "unchanged");
  }

  Status create(const Item& item) {
    Json object = with_last_applied(item.object);
    if (dry_run_ != DryRun::kClient) {
      auto created = objects_->create(item.mapping, item.ns, object, write_);
      if (!created) return with_source(created.error(), "creating", item.source);
      object = std::move(*created);
    }
    return done(item, object, "created");
  }

  Status apply_on_server(const Item& item) {
    Json object = TRY(apply_server_side(s_, *objects_, item, write_, f_.boolean("force-conflicts")));
    return done(item, object, "serverside-applied");
  }

  Status done(const Item& item, const Json& object, std::string_view operation) {
    visited_.uids.insert(json::str(object, {"metadata", "uid"}));
    if (item.mapping.namespaced) visited_.namespaces.insert(item.ns);
    if (collects_) {
      collected_.emplace_back(item, object);
      return {};
    }
    return printer_->print(item, object, operation);
  }

  Status print_collected() {
    if (collected_.empty()) return {};
    if (collected_.size() == 1) return printer_->print(collected_[0].first, collected_[0].second, "");
    Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", Json::object()}, {"items", Json::array()}};
    for (auto& [item, object] : collected_) list["items"].push_back(object);
    return printer_->print(collected_[0].first, list, "");
  }

  Session& s_;
  const Flags& f_;
  Objects* objects_ = nullptr;
  DryRun dry_run_ = DryRun::kNone;
  bool server_side_ = false, collects_ = false;
  WriteOptions write_;
  Json delete_options_;
  std::unique_ptr<ResultPrinter> printer_;
  Visited visited_;
  std::vector<Mapping> prune_kinds_;
  std::optional<ApplySet> apply_set_;
  std::vector<std::pair<Item, Json>> collected_;
};

Result<int> run(Session& s) { return Apply(s).run(); }

constexpr const Command* kChildren[] = {&kApplyEditLastApplied, &kApplySetLastApplied, &kApplyViewLastApplied};

}  // namespace

constexpr Command kApply{
    .use = "apply (-f FILENAME | -k DIRECTORY)",
    .brief = "Apply a configuration to a resource by file name or stdin",
    .text = "Make the objects of the server what files say: those that do not exist are created, others are changed where the files changed. What others have "
            "set and the files never said stays. The applied file is remembered in an annotation, so that what leaves the file is removed later.\n\n"
            "With --server-side the server does this, and knows who owns which field.",
    .examples = "  # A file\n  kubectl apply -f web.yaml\n\n"
                "  # A kustomization\n  kubectl apply -k overlays/shop-17\n\n"
                "  # From standard input\n  cat web.json | kubectl apply -f -\n\n"
                "  # A folder, and remove what is labelled app=web and no longer in it\n  kubectl apply --prune -f manifests/ -l app=web\n",
    .flags = flags,
    .run = run,
    .children = kChildren,
};

}  // namespace skerry::kubectl
