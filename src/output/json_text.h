// JSON as kubectl prints it: Go's encoder, four spaces, characters that matter in HTML written as \u003c.
#pragma once

#include <string>

#include "json/json.h"

namespace skerry::output {

// Objects that keep the order in which their keys were added (what kubectl makes itself prints "kind" first).
using OrderedJson = nlohmann::ordered_json;

// `-o json` without the newline at the end. Invalid UTF-8 becomes U+FFFD. `indent` < 0: on one line, as Go's json.Marshal.
std::string dump_json(const Json& value, int indent = 4);
std::string dump_json(const OrderedJson& value, int indent = 4);
// A JSON string literal, with the quotes.
std::string quote_json(std::string_view text);
// A float64 as Go's JSON encoder writes it: "1.5", "1000000", "1e+21".
std::string float_text(double value);

}  // namespace skerry::output
