// --sort-by: objects or table rows in the order of one field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"

namespace skerry::output {

// `path` in any of the relaxed forms. Objects without the field come first. Error where no object has it: `couldn't find any field with
// path "{.x}" in the list of objects`.
Result<void> sort_objects(std::vector<Json>& objects, std::string_view path);
// The rows of a Table whose `object`s hold the whole objects (includeObject=Object). Where this fails kubectl drops the Table, prints
// "No resources found ..." and exits with 0.
Result<void> sort_table(Json& table, std::string_view path);
// The order of sort_objects() as indices into `objects`.
Result<std::vector<size_t>> sorted_order(const std::vector<const Json*>& objects, std::string_view path);

}  // namespace skerry::output
