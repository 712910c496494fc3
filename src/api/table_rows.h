// The columns of each kind and how their cells are made. For src/api's own use.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "json/json.h"

namespace skerry::api {

struct Column {
  std::string_view name;
  std::string_view type = "string";
  std::string_view format = "";
  int priority = 0;  // 1: only with -o wide
};

// Appends the cells of `object`, in the order of the columns.
using CellWriter = void (*)(const Json& object, WallTime now, Json& cells);

struct TableKind {
  std::string_view group;
  std::string_view kind;
  std::span<const Column> columns;
  CellWriter cells;
};

std::span<const TableKind> core_table_kinds();
std::span<const TableKind> workload_table_kinds();
std::span<const TableKind> other_table_kinds();

// Used by all of them.
std::string name_of(const Json& object);
std::string age_since(const Json& timestamp, WallTime now);  // "<unknown>" where there is none
std::string age_of(const Json& object, WallTime now);        // from creationTimestamp
std::string or_none(std::string text);                       // "<none>" for ""
std::string selector_text(const Json& label_selector);        // as kubectl prints one
std::string labels_text(const Json& map);                     // "a=b,c=d" or "<none>"
std::string container_names(const Json& pod_spec);
std::string container_images(const Json& pod_spec);

}  // namespace skerry::api
