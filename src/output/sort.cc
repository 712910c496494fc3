#include "output/sort.h"

#include <algorithm>
#include <numeric>

#include "api/quantity.h"
#include "output/go_format.h"
#include "output/jsonpath.h"

namespace skerry::output {
namespace {

std::string type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "map[string]interface {}";
    case Json::value_t::array: return "[]interface {}";
    case Json::value_t::boolean: return "bool";
    default: return "interface {}";
  }
}

// Values of one field, compared as kubectl compares them. `missing` is below everything.
struct Key {
  bool missing = true;
  Json value;
  bool is_quantity = false;
  api::Quantity quantity;
};

bool less(const Key& a, const Key& b) {
  if (a.missing || b.missing) return a.missing;  // as kubectl: also where both are
  if (a.value.is_null() || b.value.is_null()) return a.value.is_null() && !b.value.is_null();
  if (a.value.is_string()) {
    if (a.is_quantity && b.is_quantity) return a.quantity < b.quantity;
  }
  return a.value < b.value;
}

Error unsortable(const std::string& path, const std::string& type, const std::string& why) {
  return {Reason::kBadRequest, "Field " + path + " in *unstructured.Unstructured is an unsortable type: " + type + ", err: " + why};
}

// Every comparison must be possible: one type, or null.
Result<void> check_types(const std::vector<Key>& keys, const std::string& path) {
  const Key* first = nullptr;
  size_t present = 0;
  for (const auto& key : keys) present += !key.missing;
  if (present < 2) return {};
  for (const auto& key : keys) {
    if (key.missing || key.value.is_null()) continue;
    if (!key.value.is_string() && !key.value.is_number()) return unsortable(path, "interface", "unsortable type: " + type_name(key.value));
    if (first != nullptr && (first->value.is_string() != key.value.is_string())) return unsortable(path, "interface", "unsortable interface: interface");
    if (first == nullptr) first = &key;
  }
  return {};
}

}  // namespace

Result<std::vector<size_t>> sorted_order(const std::vector<const Json*>& objects, std::string_view path) {
  auto relaxed = relaxed_jsonpath(path);
  std::string field = relaxed ? *relaxed : std::string(path);
  JsonPath parsed = TRY(JsonPath::parse(field, true));
  std::vector<Key> keys(objects.size());
  bool found = false;
  for (size_t i = 0; i < objects.size(); ++i) {
    auto values = TRY(parsed.find(*objects[i]));
    if (values.empty() || values[0].empty()) continue;
    found = true;
    Key& key = keys[i];
    key.missing = false;
    key.value = std::move(values[0][0]);
    if (!key.value.is_string()) continue;
    if (auto quantity = api::Quantity::parse(key.value.get_ref<const std::string&>())) {
      key.is_quantity = true;
      key.quantity = *quantity;
    }
  }
  if (!found && !objects.empty())
    return Error(Reason::kBadRequest, "couldn't find any field with path " + go_quote(field) + " in the list of objects");
  TRY(check_types(keys, field));
  std::vector<size_t> order(objects.size());
  std::iota(order.begin(), order.end(), 0);
  // Go sorts short slices by insertion, which decides the order of objects without the field.
  if (order.size() <= 12) {
    for (size_t i = 1; i < order.size(); ++i)
      for (size_t j = i; j > 0 && less(keys[order[j]], keys[order[j - 1]]); --j) std::swap(order[j], order[j - 1]);
    return order;
  }
  auto first_present = std::stable_partition(order.begin(), order.end(), [&](size_t i) { return keys[i].missing; });
  // "1", "1k" and "x" need not compare consistently (quantities against text), so no std::sort: a merge sort cannot run wild.
  std::stable_sort(first_present, order.end(), [&](size_t a, size_t b) { return less(keys[a], keys[b]); });
  return order;
}

Result<void> sort_objects(std::vector<Json>& objects, std::string_view path) {
  std::vector<const Json*> pointers;
  for (const auto& object : objects) pointers.push_back(&object);
  auto order = TRY(sorted_order(pointers, path));
  std::vector<Json> sorted;
  for (size_t i : order) sorted.push_back(std::move(objects[i]));
  objects = std::move(sorted);
  return {};
}

Result<void> sort_table(Json& table, std::string_view path) {
  if (!json::find(table, "rows").is_array()) return {};
  auto& rows = table["rows"].get_ref<Json::array_t&>();
  std::vector<const Json*> pointers;
  for (const auto& row : rows) pointers.push_back(&json::find(row, "object"));
  auto order = TRY(sorted_order(pointers, path));
  Json::array_t sorted;
  for (size_t i : order) sorted.push_back(std::move(rows[i]));
  rows = std::move(sorted);
  return {};
}

}  // namespace skerry::output
