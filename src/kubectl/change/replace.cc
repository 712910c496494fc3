// kubectl replace.
#include "base/strings.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/delete_flags.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/change/raw.h"
#include "kubectl/change/wait_gone.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             dry_run_flag(),
             field_manager_flag("kubectl-replace"),
             {"raw", 0, kString, "", "Raw URI to PUT to the server. Uses the transport specified by the kubeconfig file."},
             {"save-config", 0, kBool, "false",
              "If true, the configuration of current object will be saved in its annotation. Otherwise, the annotation will be unchanged."},
             {"subresource", 0, kString, "", "If specified, replace will operate on the subresource of the requested object."},
             validate_flag(),
         } +
         file_flags("The files that contain the configurations to replace.") + delete_flags("false") + print_flags();
}

// An annotation that exists is kept true; --save-config makes one.
Json prepared(Session& s, const Item& item) {
  if (s.flags.boolean("save-config") || has_last_applied(item.object)) return with_last_applied(item.object);
  return item.object;
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  if (!s.words().empty()) return usage_error("Unexpected args: [" + join(s.words(), " ") + "]");
  DryRun dry_run = TRY(dry_run_of(s));
  if (f.list("filename").empty() && f.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
  bool force = f.boolean("force");
  if (f.number("grace-period") >= 0 && !force) return plain_error("--grace-period must have --force specified");
  if (f.duration("timeout").count() != 0 && !force) return plain_error("--timeout must have --force specified");
  if (!f.text("raw").empty()) return send_raw(s, "PUT", true);
  auto printer = TRY(result_printer(s, dry_run));
  WriteOptions write = TRY(write_options_of(s));
  write.subresource = f.text("subresource");
  auto items = TRY(select_items(s));
  auto* objects = TRY(s.objects());
  if (force) {
    Json options = TRY(delete_options_of(s));
    auto timeout = f.duration("timeout").count() ? f.duration("timeout") : std::chrono::minutes(5);
    for (auto& item : items) {
      auto removed = objects->remove(item.mapping, item.ns, item.name, options, dry_run == DryRun::kServer);
      if (!removed && removed.error().code == 404) continue;
      if (!removed) return removed.error();
      s.out << item.mapping.singular_name() << " \"" << item.name << "\" deleted" << (item.mapping.namespaced ? " from " + item.ns + " namespace" : "") << '\n';
      TRY(wait_until_gone(*objects, item, json::str(*removed, {"metadata", "uid"}), timeout));
    }
  }
  for (auto& item : items) {
    if (item.name.empty()) {
      s.fail(plain_error("error when replacing \"" + item.source + "\": resource name may not be empty"));
      continue;
    }
    Json object = prepared(s, item);
    if (dry_run != DryRun::kClient) {
      // Whatever is there is replaced; some kinds (services) want to be told which version that is.
      if (!force && json::str(object, {"metadata", "resourceVersion"}).empty())
        if (auto now = objects->get(item.mapping, item.ns, item.name, write.subresource))
          object["metadata"]["resourceVersion"] = json::find(*now, {"metadata", "resourceVersion"});
      auto answer = force ? objects->create(item.mapping, item.ns, object, write) : objects->replace(item.mapping, item.ns, item.name, object, write);
      if (!answer) {
        s.fail(with_source(answer.error(), "replacing", item.source));
        continue;
      }
      object = std::move(*answer);
    }
    TRY(printer->print(item, object, "replaced"));
  }
  return 0;
}

}  // namespace

constexpr Command kReplace{
    .use = "replace -f FILENAME",
    .brief = "Replace a resource by file name or stdin",
    .text = "Put the whole object of a file in the place of the one on the server. The file must be complete; `kubectl get ... -o yaml` gives a start. With --force "
            "the object is deleted and created anew.",
    .examples = "  # What a file says\n  kubectl replace -f web.yaml\n\n"
                "  # Another image, by way of sed\n  kubectl get pod web -o yaml | sed 's/web:1/web:2/' | kubectl replace -f -\n\n"
                "  # Delete and create\n  kubectl replace --force -f web.yaml\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
