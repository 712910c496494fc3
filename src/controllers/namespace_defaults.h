// NamespaceDefaults: what every namespace has from the start: the ServiceAccount "default" and the ConfigMap
// "kube-root-ca.crt" with the certificate by which pods know the API server.
#pragma once

#include <string>

#include "controllers/part.h"

namespace skerry::controllers {

class NamespaceDefaults final : public Part {
 public:
  NamespaceDefaults(Context& context, std::string root_ca_pem);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  const std::string root_ca_pem_;
};

}  // namespace skerry::controllers
