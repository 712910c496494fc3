// The editor loop that `edit` and `create --edit` share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// Sends one edited object; what it did ("edited", "created"), or "skipped" where it is as before.
using SaveEdited = std::function<Result<std::string>(const Item& item, const Json& edited)>;

// Opens all items in one editor (a List where there are several) until save() takes all of them. The exit code.
Result<int> edit_loop(Session& session, const std::vector<Item>& items, const std::string& file_prefix, const SaveEdited& save);

}  // namespace skerry::kubectl
