// Parts of pods and pod templates, which many describers show.
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

// "Containers:" and what each is, with its state where `statuses` has it. `indent`: "  " inside templates, else "".
// `pod`: fields that the environment refers to are looked up in it; null: they are not.
void put_containers(Writer& w, std::string_view title, const Json& containers, const Json& statuses, const Json& pod,
                    std::string_view indent);
// Limits and requests of `resources`.
void put_resources(Writer& w, const Json& resources, int level);
// "http-get http://:8080/ delay=0s timeout=1s period=10s #success=1 #failure=3"
std::string probe_text(const Json& probe);
void put_volumes(Writer& w, const Json& volumes, std::string_view indent);
void put_tolerations(Writer& w, std::string_view title, const Json& tolerations);
void put_spread_constraints(Writer& w, const Json& constraints, std::string_view indent);
void put_scheduling_group(Writer& w, const Json& pod_spec, std::string_view indent);
// "Pod Template:"
void put_pod_template(Writer& w, const Json& pod_template);

}  // namespace skerry::kubectl
