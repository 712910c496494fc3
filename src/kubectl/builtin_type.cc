#include "kubectl/builtin_type.h"

#include "api/catalog.h"

namespace skerry::kubectl {

const api::Type* builtin_type(const Mapping& m) {
  for (auto& r : api::Catalog::builtin())
    if (r.group == m.group && r.version == m.version && r.kind == m.kind) return r.type;
  return nullptr;
}

}  // namespace skerry::kubectl
