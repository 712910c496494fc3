// Fields that name a file or hold its content, as set-cluster and set-credentials write them.
#pragma once

#include <string>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubectl::config {

// Error: "could not stat <what> file <path>: ...".
Status check_file(const std::string& what, const std::string& path);
// `key` = absolute path, or with `embed` `key`-data = the content; the other of the two goes.
Status set_file(Json& object, const std::string& key, const std::string& path, bool embed);
// An empty value removes the field.
void set_text(Json& object, const std::string& key, const std::string& value);

}  // namespace skerry::kubectl::config
