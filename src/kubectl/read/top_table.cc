#include "kubectl/read/top_table.h"

#include <algorithm>
#include <map>
#include <set>

#include "api/quantity.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

struct Usage {
  api::Quantity cpu, memory, swap;
  bool has_swap = false;
  Usage& operator+=(const Usage& o) {
    cpu += o.cpu;
    memory += o.memory;
    swap += o.swap;
    has_swap |= o.has_swap;
    return *this;
  }
};

Usage usage_of(const Json& object) {
  const Json& u = json::find(object, "usage");
  return {api::Quantity::from_json(json::find(u, "cpu")), api::Quantity::from_json(json::find(u, "memory")), api::Quantity::from_json(json::find(u, "swap")),
          json::find(u, "swap").is_string()};
}

std::string millis(const api::Quantity& q) { return std::to_string(q.milli_value()) + "m\t"; }
std::string mebibytes(const api::Quantity& q) { return std::to_string(q.value() / (1024 * 1024)) + "Mi\t"; }

std::string percent(const api::Quantity& used, const api::Quantity& available) {
  if (available.is_zero()) return "<unknown>\t";
  return std::to_string(static_cast<int64_t>(static_cast<double>(used.milli_value()) / static_cast<double>(available.milli_value()) * 100)) + "%\t";
}

std::string name_of(const Json& object) { return json::str(object, {"metadata", "name"}); }
std::string namespace_of(const Json& object) { return json::str(object, {"metadata", "namespace"}); }

// Most used first; by name otherwise.
template <class T, class UsageOf, class NameOf>
void sort_usage(std::vector<T>& list, const std::string& by, UsageOf usage, NameOf name) {
  std::stable_sort(list.begin(), list.end(), [&](const T& a, const T& b) {
    if (by == "cpu") return usage(a).cpu.milli_value() > usage(b).cpu.milli_value();
    if (by == "memory") return usage(a).memory.value() > usage(b).memory.value();
    return name(a) < name(b);
  });
}

std::string cells(const Usage& u, bool swap) { return millis(u.cpu) + mebibytes(u.memory) + (swap ? mebibytes(u.swap) : ""); }

Usage pod_usage(const Json& pod) {
  Usage total;
  for (auto& c : json::array_or_empty(json::find(pod, "containers"))) total += usage_of(c);
  return total;
}

}  // namespace

std::string top_nodes(std::vector<Json> metrics, const std::vector<Json>& nodes, const TopOptions& o) {
  sort_usage(metrics, o.sort_by, usage_of, name_of);
  auto w = output::TabWriter::for_tables();
  if (!o.no_headers) w.write(std::string("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t") + (o.show_swap ? "SWAP(bytes)\tSWAP(%)\t" : "") + "\n");
  std::map<std::string, const Json*> by_name;
  for (auto& n : nodes) by_name[name_of(n)] = &n;
  for (auto& m : metrics) {
    auto node = by_name.extract(name_of(m));
    const Json none;
    const Json& status = node ? json::find(*node.mapped(), "status") : none;
    const Json& available = json::find(status, o.show_capacity ? "capacity" : "allocatable");
    Usage u = usage_of(m);
    std::string row = name_of(m) + "\t" + millis(u.cpu) + percent(u.cpu, api::Quantity::from_json(json::find(available, "cpu"))) + mebibytes(u.memory) +
                      percent(u.memory, api::Quantity::from_json(json::find(available, "memory")));
    if (o.show_swap) {
      int64_t capacity = json::integer(status, {"nodeInfo", "swap", "capacity"});
      row += u.has_swap && capacity > 0 ? mebibytes(u.swap) + percent(u.swap, api::Quantity::units(capacity)) : "<unknown>\t<unknown>\t";
    }
    w.write(row + "\n");
  }
  for (auto& [name, node] : by_name) w.write(name + "\t<unknown>\t<unknown>\t<unknown>\t<unknown>\t" + (o.show_swap ? "<unknown>\t<unknown>\t" : "") + "\n");
  return w.flush();
}

std::string top_pods(std::vector<Json> metrics, const TopOptions& o) {
  sort_usage(metrics, o.sort_by, pod_usage, [&](const Json& p) {
    return (o.with_namespace ? namespace_of(p) : std::string()) + '\n' + name_of(p);
  });
  auto w = output::TabWriter::for_tables();
  // As the stock client counts, for the sums: a column for swap moves them to the right, and no headings to the left.
  size_t columns = o.no_headers ? 3 : 3 + o.with_namespace + o.containers + o.show_swap;
  if (!o.no_headers) {
    w.write(std::string(o.with_namespace ? "NAMESPACE\t" : "") + (o.containers ? "POD\t" : "") + "NAME\tCPU(cores)\tMEMORY(bytes)\t" +
            (o.show_swap ? "SWAP(bytes)\t" : "") + "\n");
  }
  Usage total;
  for (auto& pod : metrics) {
    total += pod_usage(pod);
    std::string before = o.with_namespace ? namespace_of(pod) + "\t" : "";
    if (!o.containers) {
      w.write(before + name_of(pod) + "\t" + cells(pod_usage(pod), o.show_swap) + "\n");
      continue;
    }
    const Json& list = json::array_or_empty(json::find(pod, "containers"));
    std::vector<Json> containers(list.begin(), list.end());
    sort_usage(containers, o.sort_by, usage_of, [](const Json& c) { return json::str(c, "name"); });
    for (auto& c : containers) w.write(before + name_of(pod) + "\t" + json::str(c, "name") + "\t" + cells(usage_of(c), o.show_swap) + "\n");
  }
  if (o.sum) {
    std::string blank(columns - 2, '\t');
    w.write(blank + "________\t________\t\n" + blank + cells(total, o.show_swap) + "\n");
  }
  return w.flush();
}

}  // namespace skerry::kubectl
