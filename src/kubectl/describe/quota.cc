// LimitRange, ResourceQuota, and Namespace, which shows those in it.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

void put_limits(Writer& w, const Json& spec, std::string_view prefix) {
  static constexpr std::string_view kColumns[] = {"min", "max", "defaultRequest", "default", "maxLimitRequestRatio"};
  for (const Json& limit : json::array_or_empty(json::find(spec, "limits"))) {
    std::set<std::string> resources;
    for (std::string_view column : kColumns)
      for (const auto& [name, value] : json::object_or_empty(json::find(limit, column)).items()) resources.insert(name);
    for (const std::string& resource : resources) {
      std::string text = json::str(limit, "type") + "\t" + resource;
      for (std::string_view column : kColumns) {
        const Json& amount = json::find(limit, {column, resource});
        text += "\t" + (amount.is_null() ? "-" : quantity_text(amount));
      }
      w.line(0, prefix, text);
    }
  }
}

std::string_view scope_help(std::string_view scope) {
  if (scope == "Terminating")
    return "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being "
           "actively "
           "terminated by the system.";
  if (scope == "NotTerminating")
    return "Matches all pods that do not have an active deadline. These pods usually include long running pods whose "
           "container "
           "command is not expected to terminate.";
  if (scope == "BestEffort")
    return "Matches all pods that do not have resource requirements set. These pods have a best effort quality of "
           "service.";
  if (scope == "NotBestEffort")
    return "Matches all pods that have at least one resource requirement set. These pods have a burstable or "
           "guaranteed quality "
           "of service.";
  return "";
}

void put_scopes(Writer& w, const Json& spec, int level, std::string_view bullet) {
  std::vector<std::string> scopes = strings(json::find(spec, "scopes"));
  if (scopes.empty()) return;
  std::sort(scopes.begin(), scopes.end());
  w.field(level, "Scopes", join(scopes, ", "));
  for (const std::string& scope : scopes)
    if (std::string_view help = scope_help(scope); !help.empty()) w.line(level, bullet, help);
}

api::Quantity::Format notation(std::string_view amount) {
  if (amount.ends_with('i')) return api::Quantity::Format::kBinarySi;
  size_t e = amount.find_first_of("eE");
  bool exponent = e != std::string_view::npos && e + 1 < amount.size();
  return exponent ? api::Quantity::Format::kDecimalExponent : api::Quantity::Format::kDecimalSi;
}

// What is used, in the notation of the limit: "1Gi" of "2G" is written in G.
std::string used_text(const Json& used, const Json& hard) {
  auto wanted = notation(go_value(hard));
  api::Quantity amount = api::Quantity::from_json(used);
  if (notation(go_value(used)) != wanted) amount = api::Quantity::units(amount.value(), wanted);
  return amount.to_string();
}

void put_quotas(Writer& w, std::vector<Json> quotas) {
  if (quotas.empty()) return w.line(0, "No resource quota.");
  std::stable_sort(quotas.begin(), quotas.end(), [](const Json& a, const Json& b) {
    return json::str(a, {"metadata", "name"}) < json::str(b, {"metadata", "name"});
  });
  w.line(0, "Resource Quotas");
  for (const Json& quota : quotas) {
    w.field(1, "Name", json::str(quota, {"metadata", "name"}));
    put_scopes(w, json::find(quota, "spec"), 1, "* ");
    w.line(1, "Resource\tUsed\tHard");
    w.line(1, "--------\t---\t---");
    for (const auto& [resource, hard] : json::object_or_empty(json::find(quota, {"status", "hard"})).items())
      w.line(1, resource, "\t", quantity_text(json::find(quota, {"status", "used", resource})), "\t",
             quantity_text(hard));
  }
}

void put_limit_ranges(Writer& w, const std::vector<Json>& ranges) {
  if (ranges.empty()) return w.line(0, "No LimitRange resource.");
  w.line(0, "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
  w.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
  for (const Json& range : ranges) put_limits(w, json::find(range, "spec"), " ");
}

}  // namespace

Status describe_limit_range(const Subject& subject, Writer& w) {
  put_name(w, subject.object, true);
  w.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
  w.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
  put_limits(w, subject.spec(), "");
  return {};
}

Status describe_resource_quota(const Subject& subject, Writer& w) {
  put_name(w, subject.object, true);
  put_scopes(w, subject.spec(), 0, " * ");
  w.line(0, "Resource\tUsed\tHard");
  w.line(0, "--------\t----\t----");
  for (const auto& [resource, hard] : json::object_or_empty(json::find(subject.status(), "hard")).items())
    w.line(0, resource, "\t", used_text(json::find(subject.status(), {"used", resource}), hard), "\t",
           quantity_text(hard));
  return {};
}

Status describe_namespace(const Subject& subject, Writer& w) {
  // A server that does not know quotas or limits is none to complain about.
  auto quotas = subject.list(mapping_of("v1", "resourcequotas", "ResourceQuota", true), subject.name());
  if (!quotas && !quotas.error().is(Reason::kNotFound)) return quotas.error();
  auto ranges = subject.list(mapping_of("v1", "limitranges", "LimitRange", true), subject.name());
  if (!ranges && !ranges.error().is(Reason::kNotFound)) return ranges.error();

  put_metadata(w, subject.object, false);
  w.field(0, "Status", json::str(subject.status(), "phase"));
  const Json& conditions = json::array_or_empty(json::find(subject.status(), "conditions"));
  if (!conditions.empty()) put_condition_table(w, conditions);
  if (quotas) {
    w.line(0);
    put_quotas(w, std::move(*quotas));
  }
  if (ranges) {
    w.line(0);
    put_limit_ranges(w, *ranges);
  }
  return {};
}

}  // namespace skerry::kubectl
