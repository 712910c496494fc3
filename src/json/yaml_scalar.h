// What a plain YAML scalar means to Kubernetes' clients. Internal to yaml*.cc.
#pragma once

#include <string_view>

#include "json/json.h"

namespace skerry::json {

// The value of a plain scalar by YAML 1.1's rules as go-yaml v2 has them: null, boolean, number or text. Timestamps are text.
Json plain_scalar(std::string_view text);
// May text stand plain as far as its meaning goes? Not for what reads back as something else, or did in older readers
// (times, "12:30" as a number of base 60).
bool plain_reads_as_text(std::string_view text);

}  // namespace skerry::json
