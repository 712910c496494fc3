#include "kubectl/change/wait_gone.h"

#include <algorithm>

#include "kubectl/session.h"

namespace skerry::kubectl {

Status wait_until_gone(Objects& objects, const Item& item, const std::string& uid, std::chrono::nanoseconds timeout) {
  using Clock = std::chrono::steady_clock;
  auto deadline = timeout.count() > 0 ? Clock::now() + std::chrono::duration_cast<Clock::duration>(timeout) : Clock::time_point::max();
  auto late = [&] { return plain_error("timed out waiting for the condition on " + item.mapping.resource + "/" + item.name); };
  for (;;) {
    ListOptions options{.field_selector = "metadata.name=" + item.name, .chunk = 0};
    Json list = TRY(objects.list(item.mapping, item.ns, options));
    const Json* found = nullptr;
    for (auto& o : json::array_or_empty(json::find(list, "items")))
      if (json::str(o, {"metadata", "name"}) == item.name) found = &o;
    if (!found || (!uid.empty() && json::str(*found, {"metadata", "uid"}) != uid)) return {};
    auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline - Clock::now());
    if (Clock::now() >= deadline) return late();
    options.resource_version = json::str(list, {"metadata", "resourceVersion"});
    bool gone = false;
    int seconds = static_cast<int>(std::clamp<int64_t>(left.count() + 1, 1, 300));
    auto watched = objects.watch(
        item.mapping, item.ns, options,
        [&](const std::string& type, const Json& object) {
          gone = type == "DELETED" && json::str(object, {"metadata", "name"}) == item.name;
          return !gone && type != "ERROR";
        },
        seconds);
    if (!watched && watched.error().code == 0) return watched.error();
    if (gone) return {};
    if (Clock::now() >= deadline) return late();
  }
}

}  // namespace skerry::kubectl
