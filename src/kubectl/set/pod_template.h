// What the `set` commands share: the pod spec inside an object of any workload kind, and how changes reach the server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/select.h"
#include "kubectl/session.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

// The PodSpec inside a Pod, Deployment, ..., CronJob; null for kinds that have none.
Json* pod_spec_of(Json& object);

// --all, --local, --selector, --dry-run, --field-manager, files, printing.
std::vector<Flag> set_flags();

// One run of a `set` command. The steps are apart because each command checks its own words at its own time, as kubectl does.
struct SetRun {
  bool local = false;
  DryRun dry_run = DryRun::kNone;
  std::unique_ptr<ResultPrinter> printer;
  WriteOptions write;
  std::vector<Item> items;
};
// Reads the flags above.
Result<SetRun> begin_set(Session& session);
// The objects; with --local those of files, as the types of their kinds have them. False: one could not be had, which has been
// shown, and nothing is done to the others either.
Result<bool> find_objects(Session& session, SetRun& run, const std::vector<std::string>& resources);
// --local with --dry-run=server, --all with --selector.
Status check_set_flags(Session& session, const SetRun& run);

struct SetTexts {
  std::string_view done;     // behind the object's name: "image updated"
  std::string_view failure;  // before the server's refusal: "failed to patch image update to pod template: "
  bool sends_nothing = false;  // sends patches that change nothing, too
  bool names_object = true;    // before what `change` refuses: "error: deployments/web ..."
};
// Runs `change` on each object, then sends what differs as a patch. `change` returns false where nothing is to be done to the
// object. All failures are shown at the end, and `more` with them, which `change` may fill.
Result<int> change_objects(Session& session, SetRun& run, const SetTexts& texts, const std::function<Result<bool>(const Item&, Json& object)>& change,
                           std::vector<Error>* more = nullptr);

// "the object is not a pod or does not have a pod template: *v1.ConfigMap"
Error no_pod_template(const Item& item);

// Does a container's name match "nginx", "*" or "web-*"?
bool matches_name(std::string_view pattern, std::string_view name);

extern const Command kSetEnv, kSetImage, kSetResources, kSetSelector, kSetServiceAccount, kSetSubject;

}  // namespace skerry::kubectl
