// kubectl create -f, and the generators below it.
#include <unistd.h>

#include "api/selector.h"
#include "base/strings.h"
#include "kubectl/change/commands.h"
#include "kubectl/change/edit_loop.h"
#include "kubectl/change/last_applied.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/sources.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"edit", 0, kBool, "false", "Edit the API resource before creating."},
             {"raw", 0, kString, "", "Raw URI to POST to the server. Uses the transport specified by the kubeconfig file."},
             selector_flag(),
             {"windows-line-endings", 0, kBool, "false", "Accepted for compatibility: line endings of the file are those of this system."},
         } +
         file_flags("Filename, directory, or URL to files to use to create the resource") + generator_flags();
}

Result<int> run_raw(Session& s) {
  auto files = s.flags.list("filename");
  if (files.size() != 1) return usage_error("--raw can only use a single local file or stdin");
  auto text = TRY(read_text(files[0], s.in));
  auto* rest = TRY(s.rest());
  auto answer = TRY(rest->send({.method = "POST", .path = s.flags.text("raw"), .body = text}));
  s.out << answer.body;
  return 0;
}

Result<int> run(Session& s) {
  if (!s.words().empty()) return usage_error("Unexpected args: [" + join(s.words(), " ") + "]");
  if (s.flags.list("filename").empty() && s.flags.text("kustomize").empty()) return plain_error("must specify one of -f and -k");
  if (s.flags.changed("raw")) return run_raw(s);
  DryRun dry_run = TRY(dry_run_of(s));
  WriteOptions write = TRY(write_options_of(s));
  auto printer = TRY(result_printer(s, dry_run));
  auto selected = TRY(select_in_files(s));
  for (auto& e : selected.errors) s.fail(e);
  auto* objects = TRY(s.objects());
  auto create = [&](const Item& item, Json object) -> Status {
    if (s.flags.boolean("save-config")) object = with_last_applied(std::move(object));
    if (dry_run != DryRun::kClient) {
      auto created = objects->create(item.mapping, item.ns, object, write);
      if (!created) return with_source(created.error(), "creating", item.source);
      object = std::move(*created);
    }
    return printer->print(item, object, "created");
  };
  if (s.flags.boolean("edit")) {
    // Object by object, each in an editor of its own.
    EditLoop loop;
    loop.save = [&](const Item& before, const Item& edited) -> Status {
      Item item = edited;
      if (item.ns.empty()) item.ns = before.ns;
      return create(item, edited.object);
    };
    std::vector<Error> errors;
    for (auto& item : selected.items) {
      auto code = edit_loop(s, {item}, loop);
      if (!code) errors.push_back(code.error());
    }
    s.fail(errors);
    return 0;
  }
  for (auto& item : selected.items) {
    auto status = create(item, item.object);
    if (!status) s.fail(status.error());
  }
  if (selected.items.empty() && !s.failed()) return plain_error("no objects passed to create");
  return 0;
}

constexpr const Command* kChildren[] = {
    &kCreateClusterRole, &kCreateClusterRoleBinding, &kCreateConfigMap, &kCreateCronJob, &kCreateDeployment, &kCreateIngress, &kCreateJob,
    &kCreateNamespace, &kCreatePodDisruptionBudget, &kCreatePriorityClass, &kCreateQuota, &kCreateRole, &kCreateRoleBinding, &kCreateSecret,
    &kCreateService, &kCreateServiceAccount, &kCreateToken,
};

}  // namespace

constexpr Command kCreate{
    .use = "create -f FILENAME",
    .brief = "Create a resource from a file or from stdin",
    .text = "Create the objects that files describe, or, with one of the commands below, an object that flags describe.",
    .examples = "  # A file\n  kubectl create -f web.yaml\n\n  # Standard input\n  cat web.json | kubectl create -f -\n\n"
                "  # Edit what a generator makes, without a file\n  kubectl create deployment web --image=web:1 --dry-run=client -o yaml\n",
    .flags = flags,
    .run = run,
    .children = kChildren,
};

}  // namespace skerry::kubectl
