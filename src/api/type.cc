#include "api/type.h"

#include <algorithm>

#include "api/builtin.h"

namespace skerry::api {

const Field* Type::find(std::string_view json_name) const {
  for (const Field& field : fields) {
    if (field.inlined) {
      if (const Field* inner = field.type->find(json_name)) return inner;
    } else if (field.name == json_name) {
      return &field;
    }
  }
  return nullptr;
}

std::string Type::openapi_name() const {
  size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::string(name);
  std::string_view package = name.substr(0, slash);
  std::string prefix = package == "meta"              ? "io.k8s.apimachinery.pkg.apis.meta."
                       : package == "apiextensions"   ? "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions."
                       : package == "apiregistration" ? "io.k8s.kube-aggregator.pkg.apis.apiregistration."
                                                      : "io.k8s.api." + std::string(package) + ".";
  return prefix.append(name.substr(slash + 1));
}

const Type* find_type(std::string_view name) {
  auto types = all_types();
  auto it = std::lower_bound(types.begin(), types.end(), name, [](const Type& t, std::string_view n) { return t.name < n; });
  return it != types.end() && it->name == name ? &*it : nullptr;
}

std::span<const Type> all_types() { return {kTypes, kTypeCount}; }

}  // namespace skerry::api
