// What the `set` commands share: the pod spec inside an object of any workload kind, and how changes reach the server.
#pragma once

#include <functional>
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

// Resources, and the changes behind them ("image=x", "A=b", "A-").
struct SetWords {
  std::vector<std::string> resources, changes;
};
Result<SetWords> split_set_words(Session& session, std::string_view what, bool with_removals);

// Runs `change` on each object and sends what differs as a patch. `change` returns false where nothing is to be said
// about the object. `done` follows the name: "image updated". Failures are shown and the rest goes on.
Result<int> change_objects(Session& session, const std::vector<std::string>& resources, std::string_view what, std::string_view done,
                           const std::function<Result<bool>(const Item&, Json& object)>& change);

// Does a container's name match "nginx", "*" or "web-*"?
bool matches_name(std::string_view pattern, std::string_view name);

extern const Command kSetEnv, kSetImage, kSetResources, kSetSelector, kSetServiceAccount, kSetSubject;

}  // namespace skerry::kubectl
