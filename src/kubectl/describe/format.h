// How describers write the values that many kinds have. Missing values read as the zero values of Go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/quantity.h"
#include "base/clock.h"
#include "json/json.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

bool has(const Json& object, std::string_view key);  // there, and not null
// A value as Go's %v prints it: "[a b]", "map[k:v]", "<nil>", 1e+06.
std::string go_value(const Json& value);
// An IntOrString: "3", "25%"; "<nil>" where it is missing.
std::string int_or_string(const Json& value);
std::string or_none(std::string text);                           // "<none>" if empty
std::string or_unset(const Json& object, std::string_view key);  // of object[key]: "<unset>" if missing
std::vector<std::string> strings(const Json& list);
std::string joined_list(const Json& list, std::string_view separator);
std::string true_false(bool value);                  // "True", "False"
std::string true_false_or_unset(const Json& value);  // of an optional bool
std::string quantity_text(const Json& value);        // canonical; "0" where it is missing

// "Mon, 02 Jan 2006 15:04:05 +0000" in the local zone. A missing time is the year 1.
std::string time_text(const Json& timestamp);
// "2006-01-02 15:04:05 +0000 UTC"
std::string time_with_zone(const Json& timestamp);
// "3m20s"; "<unknown>" for a missing time.
std::string age_text(const Json& timestamp, WallTime now);

// A map: "a=b,c=d" or "<none>".
std::string labels_text(const Json& map);
// The same as a selector of the list calls: "a=b,c=d".
std::string equals_selector(const Json& map);
// metav1.LabelSelector: "a=b,c in (d,e),!f"; empty if it selects everything or is missing.
std::string selector_text(const Json& selector);
std::string selector_or_none(const Json& selector);
// "RWO,RWX" of access modes.
std::string short_access_modes(const Json& modes);
// "ReplicaSet/web-123" of the controller, or empty.
std::string controller_text(const Json& object);

// "Labels:\ta=b\n\tc=d\n". `title` may start with blanks; `indent` stands before it and before each further line.
void put_labels(Writer& w, std::string_view title, const Json& map, std::string_view indent = "");
// The same for annotations; long and multi-line ones on lines of their own, without what `kubectl apply` keeps there.
void put_annotations(Writer& w, std::string_view title, const Json& map);
// "Conditions:" with Type, Status, LastTransitionTime, Reason, Message.
void put_condition_table(Writer& w, const Json& conditions);
// "Conditions:" with Type, Status, Reason, as workloads have it; nothing if there are none.
void put_short_conditions(Writer& w, const Json& status);
// Name, Labels, Annotations of metadata; with_namespace: Namespace behind the name.
void put_name(Writer& w, const Json& object, bool with_namespace);
void put_metadata(Writer& w, const Json& object, bool with_namespace);

}  // namespace skerry::kubectl
