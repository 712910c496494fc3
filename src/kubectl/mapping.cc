#include "kubectl/mapping.h"

#include <algorithm>

#include "base/strings.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

std::string Mapping::singular_name() const {
  std::string name = to_lower(kind);
  return group.empty() ? name : name + "." + group;
}

bool Mapping::can(std::string_view verb) const { return std::find(verbs.begin(), verbs.end(), verb) != verbs.end(); }

std::string Mapping::path(std::string_view ns, std::string_view name, std::string_view subresource) const {
  std::string p = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !ns.empty()) p += "/namespaces/" + url_encode(ns);
  p += "/" + resource;
  if (!name.empty()) p += "/" + url_encode(name);
  if (!subresource.empty()) p += "/" + std::string(subresource);
  return p;
}

Mapping mapping_of(std::string_view api_version, std::string_view resource, std::string_view kind, bool namespaced) {
  Mapping m;
  auto slash = api_version.find('/');
  if (slash != std::string_view::npos) m.group = api_version.substr(0, slash);
  m.version = api_version.substr(slash == std::string_view::npos ? 0 : slash + 1);
  m.resource = resource;
  m.kind = kind;
  m.singular = to_lower(kind);
  m.namespaced = namespaced;
  return m;
}

}  // namespace skerry::kubectl
