// Pipeline: one API call from a Request value to a Response value: authorise, admit, registry.
//
// Authentication is the caller's: HTTP puts in who the connection is, LocalClient its component. All calls are
// thread-safe and block until the store has answered. log, exec, attach, portforward and proxy are streams and not
// here (connect.h).
#pragma once

#include <functional>
#include <memory>

#include "admission/plugin.h"
#include "api/catalog.h"
#include "api/request.h"
#include "auth/authorizer.h"
#include "auth/rbac.h"
#include "auth/tokens.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "registry/registry.h"

namespace skerry::apiserver {

class Pipeline {
 public:
  // All of them outlive the pipeline.
  struct Parts {
    registry::Registry& registry;
    const api::Catalog& catalog;
    const auth::Authorizer& authorizer;
    const auth::Rbac& rbac;
    const admission::Chain& admission;
    const auth::TokenSigner& signer;
    const auth::TokenAuthenticator& tokens;
    const Clock& clock;
    Random& random;
  };
  explicit Pipeline(Parts parts) : p_(parts) {}

  // Any verb but watch.
  Result<api::Response> handle(api::Request request);
  // Authorises and begins a watch; see registry::Registry::watch about `wake`.
  Result<std::unique_ptr<registry::WatchStream>> watch(const api::Request& request, std::function<void()> wake);

  // Forbidden unless `request.user` may do this.
  Status authorize(const api::Request& request) const;
  // The row a request addresses; NotFound or MethodNotAllowed as Kubernetes answers them.
  Result<api::ResourcePtr> row_of(const api::Request& request) const;

  const auth::Authorizer& authorizer() const { return p_.authorizer; }
  const api::Catalog& catalog() const { return p_.catalog; }
  registry::Registry& registry() { return p_.registry; }

 private:
  Result<api::Response> answer_review(const api::ResourcePtr& row, api::Request& request);
  Result<api::Response> issue_token(api::Request& request);
  Result<api::Response> bind_legacy(api::Request request);
  Status admit(const api::Request& request, api::Verb operation, Json* object, const Json* old,
               std::vector<std::string>& warnings) const;

  Json review_access(const api::UserInfo& user, const Json& spec) const;
  Json review_rules(const api::UserInfo& user, const std::string& ns) const;
  Json review_token(const Json& spec) const;

  Parts p_;
};

}  // namespace skerry::apiserver
