// TokenController: Secrets of type kubernetes.io/service-account-token.
//
// Fills those that name an account (annotation kubernetes.io/service-account.name) with a token that lives as long as
// the Secret, the cluster's CA and the namespace; deletes those whose account is gone. If told to, makes one for every
// account, as Kubernetes did until 1.23, for programs that still look for it.
// Keys: "account/<ns>/<name>" and "secret/<ns>/<name>".
#pragma once

#include <string>

#include "auth/tokens.h"
#include "controllers/part.h"

namespace skerry::controllers {

class TokenController final : public Part {
 public:
  TokenController(Context& context, const auth::TokenSigner& signer, std::string root_ca_pem, bool one_per_account);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  Result<Outcome> reconcile_secret(const Key& key);
  Result<Outcome> reconcile_account(const Key& key);

  const auth::TokenSigner& signer_;
  const std::string root_ca_pem_;
  const bool one_per_account_;
};

}  // namespace skerry::controllers
