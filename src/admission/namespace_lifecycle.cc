#include "admission/plugins.h"

namespace skerry::admission {
namespace {

bool is_immortal(const std::string& ns) { return ns == "default" || ns == "kube-system" || ns == "kube-public"; }

class NamespaceLifecycle final : public Plugin {
 public:
  explicit NamespaceLifecycle(Reader reader) : reader_(std::move(reader)) {}
  std::string_view name() const override { return "NamespaceLifecycle"; }

  Status validate(Attempt& a) override {
    if (a.operation == api::Verb::kDelete) {
      if (a.is(api::kNamespaces) && is_immortal(a.request.name)) return refuse(a, "this namespace may not be deleted");
      return {};
    }
    const std::string& ns = a.request.ns;
    if (a.operation != api::Verb::kCreate || ns.empty() || a.request.gvr.resource == "namespaces") return {};
    if (a.request.gvr.resource == "localsubjectaccessreviews") return {};
    auto object = reader_.find(api::kNamespaces, "", ns);
    if (!object) {
      Error error(Reason::kNotFound, "namespaces \"" + ns + "\" not found");
      auto details = std::make_shared<ErrorDetails>();
      details->name = ns;
      details->kind = "namespaces";
      error.details = std::move(details);
      return error;
    }
    if (!object->meta().deleting) return {};
    Error error = refuse(a, "unable to create new content in namespace " + ns + " because it is being terminated");
    auto details = std::make_shared<ErrorDetails>(*error.details);
    details->causes.push_back({"NamespaceTerminating", "namespace " + ns + " is being terminated", "metadata.namespace"});
    error.details = std::move(details);
    return error;
  }

 private:
  Reader reader_;
};

}  // namespace

std::unique_ptr<Plugin> make_namespace_lifecycle(Reader reader) {
  return std::make_unique<NamespaceLifecycle>(std::move(reader));
}

}  // namespace skerry::admission
