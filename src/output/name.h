// Names of objects in messages: "deployment.apps/web", "pod/x created (dry run)".
#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace skerry::output {

// "deployment.apps/web", "pod/x", from apiVersion, kind and metadata.name. Without a name: "pod/<unknown>".
std::string object_name(const Json& object);
// The part before the slash: "deployment.apps".
std::string kind_name(const Json& object);
// "deployment.apps/web created (dry run)". `dry_run_suffix` is "", kClientDryRun or kServerDryRun.
std::string success_message(const Json& object, std::string_view operation, std::string_view dry_run_suffix = "");

inline constexpr std::string_view kClientDryRun = " (dry run)";
inline constexpr std::string_view kServerDryRun = " (server dry run)";

}  // namespace skerry::output
