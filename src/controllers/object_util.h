// Small things every controller does with objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/object.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::controllers {

// metav1.OwnerReference with controller and blockOwnerDeletion true.
Json controller_reference(std::string_view api_version, std::string_view kind, const api::Meta& owner);

// status.conditions: replaces the one of that type; lastTransitionTime stays where the status stays. True if
// anything but a time changed.
bool set_condition(Json& conditions, std::string_view type, std::string_view status, std::string_view reason,
                   std::string_view message, const std::string& now);
void remove_condition(Json& conditions, std::string_view type);

// metadata.annotations[key], empty if absent.
std::string annotation(const Json& object, std::string_view key);
// Unix seconds of a time field, or nothing.
std::optional<int64_t> time_s(const Json& object, std::initializer_list<std::string_view> keys);

// Forbidden because the namespace is going away: nothing to do and nothing to say.
bool is_namespace_terminating(const Error& error);
// NotFound counts as success.
Status ignore_not_found(Status status);

// Go's %q for names: in double quotes.
inline std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Kubernetes' safe encoding of a 32-bit FNV-1a hash of `text`: letters and digits that spell no words.
std::string safe_hash(std::string_view text);

}  // namespace skerry::controllers
