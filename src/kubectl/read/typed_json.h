// Objects that kubectl knows as Go types, printed with their keys in the order in which Go declares them.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/session.h"
#include "output/json_text.h"
#include "output/printer.h"

namespace skerry::kubectl {

// `-o json` keeps the order; every other format sorts the keys.
Status print_typed(Session& session, const output::OutputFormat& format, const output::OrderedJson& object);

// `object` with `keys` first, in that order, then all others.
output::OrderedJson in_order(const Json& object, std::span<const std::string_view> keys);
// metadata of any object.
output::OrderedJson metadata_in_order(const Json& metadata);

}  // namespace skerry::kubectl
