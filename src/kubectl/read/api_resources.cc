// kubectl api-resources, kubectl api-versions.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/read/commands.h"
#include "kubectl/read/typed_json.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"api-group", 0, kString, "", "Limit to resources in the specified API group."},
      {"cached", 0, kBool, "false", "Use the cached list of resources if available."},
      {"categories", 0, kStrings, "", "Limit to resources that belong to the specified categories."},
      {"namespaced", 0, kBool, "true", "If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default."},
      {"no-headers", 0, kBool, "false", "When using the default or custom-column output format, don't print headers (default print headers)."},
      {"output", 'o', kString, "", "Output format. One of: (json, yaml, kyaml, name, wide)."},
      {"show-managed-fields", 0, kBool, "false", "If true, keep the managedFields when printing objects in JSON or YAML format."},
      {"sort-by", 0, kString, "", "If non-empty, sort list of resources using specified field. The field can be either 'name' or 'kind'."},
      {"verbs", 0, kStrings, "", "Limit to resources that support the specified verbs."},
  };
}

bool has_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  for (auto& w : wanted)
    if (std::find(have.begin(), have.end(), w) == have.end()) return false;
  return true;
}

Result<std::vector<Mapping>> chosen(Session& s) {
  auto* discovery = TRY(s.discovery());
  if (!s.flags.boolean("cached")) discovery->invalidate();
  std::vector<Mapping> all = TRY(discovery->preferred_resources());
  std::vector<Mapping> out;
  for (auto& m : all) {
    if (m.verbs.empty()) continue;
    if (s.flags.changed("api-group") && m.group != s.flags.text("api-group")) continue;
    if (s.flags.changed("namespaced") && m.namespaced != s.flags.boolean("namespaced")) continue;
    if (!has_all(m.verbs, s.flags.list("verbs")) || !has_all(m.categories, s.flags.list("categories"))) continue;
    out.push_back(std::move(m));
  }
  std::string by = s.flags.text("sort-by");
  std::stable_sort(out.begin(), out.end(), [&](const Mapping& a, const Mapping& b) {
    if (by == "kind") return a.kind < b.kind;
    if (by == "name") return a.resource < b.resource;
    return a.group != b.group ? a.group < b.group : a.resource < b.resource;
  });
  return out;
}

void print_table(Session& s, const std::vector<Mapping>& resources, bool wide) {
  auto writer = output::TabWriter::for_tables();
  if (!s.flags.boolean("no-headers")) writer.write(wide ? "NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND\tVERBS\tCATEGORIES\n" : "NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND\n");
  for (auto& m : resources) {
    std::string row = m.resource + '\t' + join(m.short_names, ",") + '\t' + m.api_version() + '\t' + (m.namespaced ? "true" : "false") + '\t' + m.kind;
    if (wide) row += '\t' + join(m.verbs, ",") + '\t' + join(m.categories, ",");
    writer.write(row + '\n');
  }
  s.out << writer.flush();
}

output::OrderedJson as_list(const std::vector<Mapping>& resources) {
  output::OrderedJson list;
  list["kind"] = "APIResourceList";
  list["apiVersion"] = "v1";
  list["groupVersion"] = "";
  list["resources"] = resources.empty() ? output::OrderedJson() : output::OrderedJson::array();
  for (auto& m : resources) {
    output::OrderedJson r;
    r["name"] = m.resource;
    r["singularName"] = m.singular;
    r["namespaced"] = m.namespaced;
    if (!m.group.empty()) r["group"] = m.group;
    r["version"] = m.version;
    r["kind"] = m.kind;
    r["verbs"] = m.verbs;
    if (!m.short_names.empty()) r["shortNames"] = m.short_names;
    if (!m.categories.empty()) r["categories"] = m.categories;
    list["resources"].push_back(std::move(r));
  }
  return list;
}

Result<int> run_resources(Session& s) {
  if (!s.words().empty()) return usage_error("unexpected arguments: [" + join(s.words(), " ") + "]");
  std::string by = s.flags.text("sort-by"), format = s.flags.text("output");
  static constexpr std::string_view kFormats[] = {"", "json", "kyaml", "name", "wide", "yaml"};
  if (std::find(std::begin(kFormats), std::end(kFormats), format) == std::end(kFormats))
    return plain_error("unable to match a printer suitable for the output format \"" + format + "\", allowed formats are: json,kyaml,name,wide,yaml");
  if (!by.empty() && by != "name" && by != "kind") return plain_error("--sort-by accepts only name or kind");
  std::vector<Mapping> resources = TRY(chosen(s));
  if (format.empty() || format == "wide") {
    print_table(s, resources, format == "wide");
  } else if (format == "name") {
    for (auto& m : resources) s.out << m.group_resource() << '\n';
  } else {
    output::OutputFlags wanted;
    wanted.output = format;
    auto parsed = TRY(output::parse_output_format(wanted, {}));
    auto list = as_list(resources);
    TRY(print_typed(s, parsed, list));
  }
  // What could be found is shown; what could not makes the run fail.
  auto* discovery = TRY(s.discovery());
  if (discovery->failures().empty()) return 0;
  std::string text;
  for (auto& e : discovery->failures()) text += (text.empty() ? "" : ", ") + e.message;
  return plain_error("unable to retrieve the complete list of server APIs: " + text);
}

Result<int> run_versions(Session& s) {
  if (!s.words().empty()) return usage_error("unexpected arguments: [" + join(s.words(), " ") + "]");
  auto* discovery = TRY(s.discovery());
  discovery->invalidate();  // what is asked for is what there is now
  auto* groups = TRY(discovery->groups());
  std::set<std::string> versions;
  for (auto& g : *groups)
    for (auto& v : json::array_or_empty(json::find(g, "versions"))) versions.insert(json::str(v, "groupVersion"));
  for (auto& v : versions) s.out << v << '\n';
  return 0;
}

}  // namespace

constexpr Command kApiResources{
    .use = "api-resources",
    .brief = "Print the supported API resources on the server",
    .text = "List the kinds of objects that the server knows, with their short names, versions and scope.",
    .examples = "  # Every kind of object\n  kubectl api-resources\n\n"
                "  # With verbs and categories\n  kubectl api-resources -o wide\n\n"
                "  # Kinds that live outside namespaces, by name\n  kubectl api-resources --namespaced=false --sort-by=name\n\n"
                "  # Everything in one API group that can be listed\n  kubectl api-resources --api-group=apps --verbs=list -o name\n",
    .flags = flags,
    .run = run_resources,
};

constexpr Command kApiVersions{
    .use = "api-versions",
    .brief = "Print the supported API versions on the server, in the form of \"group/version\"",
    .text = "List the API versions that the server offers, one per line.",
    .examples = "  # What can stand behind apiVersion:\n  kubectl api-versions\n",
    .run = run_versions,
};

}  // namespace skerry::kubectl
