// KYAML: YAML in braces with every string quoted, `-o kyaml`.
#pragma once

#include <string>

#include "json/json.h"
#include "output/json_text.h"

namespace skerry::output {

// One document, with the "---" before it and the newline behind it.
std::string dump_kyaml(const Json& value);
std::string dump_kyaml(const OrderedJson& value);

}  // namespace skerry::output
