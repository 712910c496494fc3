#include "kustomize/origin.h"

#include <vector>

#include "base/strings.h"

namespace skerry::kustomize {

Origin Origin::below(const std::string& more) const {
  Origin out = *this;
  // A relative path: ".." at the front stays.
  std::vector<std::string> parts;
  std::string joined = path + "/" + more;
  for (auto part : split(joined, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") parts.pop_back();
    else parts.emplace_back(part);
  }
  out.path = join(parts, "/");
  return out;
}

std::string Origin::yaml() const {
  std::string out;
  if (!path.empty()) out += "path: " + path + "\n";
  if (!configured_in.empty()) out += "configuredIn: " + configured_in + "\n";
  if (!kind.empty()) {
    out += "configuredBy:\n";
    if (!api_version.empty()) out += "  apiVersion: " + api_version + "\n";
    out += "  kind: " + kind + "\n";
    if (!name.empty()) out += "  name: " + name + "\n";
    if (!ns.empty()) out += "  namespace: " + ns + "\n";
  }
  return out;
}

void add_origin(ResMap& resources, const std::optional<Origin>& origin) {
  if (!origin) return;
  for (auto& r : resources.all())
    if (r->node.text({"metadata", "annotations", kOriginAnnotation}).empty()) r->set_annotation(kOriginAnnotation, origin->yaml());
}

void add_transformation(ResMap& resources, const std::optional<Origin>& origin) {
  if (!origin) return;
  std::string item, yaml = origin->yaml();
  for (auto line : split(yaml, '\n'))
    if (!line.empty()) item += (item.empty() ? "- " : "  ") + std::string(line) + "\n";
  for (auto& r : resources.all()) {
    if (r->node.text({"metadata", "annotations", kOriginAnnotation}).empty()) {
      r->set_annotation(kOriginAnnotation, origin->yaml());
      continue;
    }
    r->set_annotation(kTransformationsAnnotation, r->node.text({"metadata", "annotations", kTransformationsAnnotation}) + item);
  }
}

}  // namespace skerry::kustomize
