// The events of the object that is described.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "kubectl/describe/subject.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

// The events whose involvedObject has these; an empty kind or uid is not asked for. Empty when they cannot be read.
std::vector<Json> events_about(const Subject& subject, std::string_view name, std::string_view ns,
                               std::string_view kind, std::string_view uid);
// "Events:" and a table, oldest first, or "Events: <none>".
void put_events(Writer& w, std::vector<Json> events, WallTime now);
// Those of the subject itself, unless the options say no.
void put_events_of(const Subject& subject, Writer& w);

}  // namespace skerry::kubectl
