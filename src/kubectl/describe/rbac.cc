// Role, ClusterRole, RoleBinding, ClusterRoleBinding.
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/policy_rules.h"

namespace skerry::kubectl {

Status describe_role(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.line(0, "PolicyRule:");
  w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
  w.line(1, "---------\t-----------------\t--------------\t-----");
  for (const PolicyRule& rule : compact_rules(json::find(subject.object, "rules"))) w.line(1, rule.row());
  return {};
}

Status describe_role_binding(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, false);
  w.line(0, "Role:");
  w.field(1, "Kind", json::str(subject.object, {"roleRef", "kind"}));
  w.field(1, "Name", json::str(subject.object, {"roleRef", "name"}));
  w.line(0, "Subjects:");
  w.line(1, "Kind\tName\tNamespace");
  w.line(1, "----\t----\t---------");
  for (const Json& s : json::array_or_empty(json::find(subject.object, "subjects")))
    w.line(1, json::str(s, "kind"), "\t", json::str(s, "name"), "\t", json::str(s, "namespace"));
  return {};
}

}  // namespace skerry::kubectl
