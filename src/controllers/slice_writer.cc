#include "controllers/slice_writer.h"

#include <set>

#include "api/gvr.h"
#include "controllers/object_util.h"

namespace skerry::controllers {

Status write_slices(client::Client& client, const std::string& ns, const std::string& prefix,
                    const std::string& owner_uid, const std::vector<Json>& existing, SlicePlan plan) {
  std::set<std::string> names;
  for (auto& slice : existing) names.insert(json::str(slice, {"metadata", "name"}));
  int number = 0;
  for (Json& slice : plan.create) {
    std::string name;
    do {
      std::string hash = safe_hash(owner_uid + "/" + json::str(slice, "addressType") + "/" + std::to_string(number++));
      name = prefix.substr(0, 247) + "-" + (hash + "bcdfg").substr(0, 5);
    } while (!names.insert(name).second);
    slice["metadata"]["name"] = name;
    auto created = client.create(api::kEndpointSlices, ns, std::move(slice));
    if (!created) {
      if (is_namespace_terminating(created.error())) return {};
      return created.error();
    }
  }
  for (Json& slice : plan.update) {
    auto updated = client.update(api::kEndpointSlices, ns, std::move(slice));
    if (!updated) return updated.error();
  }
  for (auto& name : plan.remove) TRY(ignore_not_found(client.remove(api::kEndpointSlices, ns, name)));
  return {};
}

}  // namespace skerry::controllers
