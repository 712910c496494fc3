// kubectl delete.
#include "kubectl/change/commands.h"
#include "kubectl/change/delete_flags.h"
#include "kubectl/change/raw.h"
#include "kubectl/change/wait_gone.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

// Without --timeout a deletion is waited for as long as kubectl does: a week.
constexpr auto kLongWait = std::chrono::hours(168);

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Delete all resources, in the namespace of the specified resource types."},
             all_namespaces_flag(),
             dry_run_flag(),
             field_selector_flag(),
             {"ignore-not-found", 0, kBool, "false",
              "Treat \"resource not found\" as a successful delete. Defaults to \"true\" when --all is specified."},
             {"interactive", 'i', kBool, "false", "If true, delete resource only when user confirms."},
             {"now", 0, kBool, "false", "If true, resources are signaled for immediate shutdown (same as --grace-period=1)."},
             {"output", 'o', kString, "", "Output mode. Use \"-o name\" for shorter output (resource/name)."},
             {"raw", 0, kString, "", "Raw URI to DELETE to the server. Uses the transport specified by the kubeconfig file."},
             selector_flag(),
         } +
         file_flags("containing the resource to delete.") + delete_flags("true");
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  std::string output = f.text("output");
  bool force = f.boolean("force"), all = f.boolean("all");
  Json options = TRY(delete_options_of(s));
  DryRun dry_run = TRY(dry_run_of(s));
  std::vector<Item> items;
  if (f.text("raw").empty()) items = TRY(select_items(s, selection_of(s)));
  if (!output.empty() && output != "name") return plain_error("unexpected -o output mode: " + output + ". We only support '-o name'");
  bool ignore = f.boolean("ignore-not-found") || (!f.changed("ignore-not-found") && (all || !f.text("selector").empty() || !f.text("field-selector").empty()));
  if (json::integer(options, "gracePeriodSeconds", -1) == 0 && force)
    s.warn("Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
  if (force && json::integer(options, "gracePeriodSeconds", -1) > 0) return plain_error("--force and --grace-period greater than 0 cannot be specified together");
  if (!f.text("raw").empty()) return send_raw(s, "DELETE", false);
  auto* objects = TRY(s.objects());

  bool warned_scope = false;
  for (auto& item : items) {
    if (!item.mapping.namespaced && s.ns_enforced() && !warned_scope) {
      s.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
      warned_scope = true;
    }
  }
  if (f.boolean("interactive") && !items.empty()) {
    s.out << "You are about to delete the following " << items.size() << " resource(s):\n";
    for (auto& item : items) s.out << item.display_name() << '\n';
    s.out << "Do you want to continue? (y/N): " << std::flush;
    std::string line;
    std::getline(s.in, line);
    if (line != "y" && line != "Y") {
      s.out << "deletion is cancelled\n";
      return 0;
    }
  }

  std::vector<std::pair<const Item*, std::string>> waiting;
  size_t found = 0;
  for (auto& item : items) {
    Json answer;
    if (dry_run != DryRun::kClient) {
      auto deleted = objects->remove(item.mapping, item.ns, item.name, options, dry_run == DryRun::kServer);
      if (!deleted) {
        if (ignore && deleted.error().code == 404) continue;
        s.fail(with_source(deleted.error(), "deleting", item.source));
        if (deleted.error().code == 0) return 1;
        continue;
      }
      answer = std::move(*deleted);
    }
    ++found;
    if (output == "name") {
      s.out << item.display_name() << '\n';
    } else {
      std::string_view operation = json::integer(options, "gracePeriodSeconds", -1) == 0 ? "force deleted" : "deleted";
      s.out << item.mapping.singular_name() << " \"" << item.name << "\" " << operation;
      if (item.mapping.namespaced) s.out << " from " << item.ns << " namespace";
      if (dry_run == DryRun::kClient) s.out << " (dry run)";
      if (dry_run == DryRun::kServer) s.out << " (server dry run)";
      s.out << '\n';
    }
    s.out << std::flush;
    std::string uid = json::str(answer, {"details", "uid"});
    if (uid.empty()) uid = json::str(answer, {"metadata", "uid"});
    waiting.emplace_back(&item, uid);
  }
  if (found == 0 && !s.failed()) {
    if (!f.boolean("ignore-not-found")) s.out << "No resources found\n";
    return 0;
  }
  if (!f.boolean("wait") || dry_run != DryRun::kNone) return 0;
  auto timeout = f.duration("timeout");
  for (auto& [item, uid] : waiting) {
    auto gone = wait_until_gone(*objects, *item, uid, timeout.count() > 0 ? timeout : kLongWait);
    // Whoever may delete need not be allowed to look.
    if (!gone && gone.error().code == 403) continue;
    if (!gone) s.fail(gone.error());
  }
  return 0;
}

}  // namespace

constexpr Command kDelete{
    .use = "delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    .brief = "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    .text = "Delete objects that files describe, by kind and name, or all of a kind that labels or fields select.\n\n"
            "Pods get time to end (their grace period); --now gives them one second, and --force with --grace-period=0 takes them out of the API "
            "without waiting for the node to say that they have ended, which is safe only if it certainly will. The command returns when the objects are "
            "gone, finalizers included, unless --wait=false is given.",
    .examples = "  # What a file describes\n  kubectl delete -f web.yaml\n\n"
                "  # Two kinds of the same names\n  kubectl delete deployment,service web api\n\n"
                "  # Everything of a kind with a label\n  kubectl delete pods -l app=web\n\n"
                "  # All pods of this namespace, at once\n  kubectl delete pods --all --now\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
