// Pipeline: one API call from a Request value to a Response value: authorise, admit, registry.
//
// Authentication is the caller's: HTTP puts in who the connection is, LocalClient its component. All calls are
// thread-safe and block until the store has answered. log, exec, attach, portforward and proxy are streams and not
// here (connect.h).
#pragma once

#include <memory>

#include "admission/plugin.h"
#include "api/request.h"
#include "auth/authorizer.h"
#include "auth/rbac.h"
#include "auth/tokens.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace skerry::registry {
class Registry;
}

namespace skerry::apiserver {

class Pipeline {
 public:
  // All of them outlive the pipeline.
  struct Parts {
    registry::Registry& registry;
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
  // Authorises and begins to watch; events come on the watch hub's thread.
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler);

  // Forbidden unless `request.user` may do this.
  Status authorize(const api::Request& request) const;
  const auth::Authorizer& authorizer() const { return p_.authorizer; }
  registry::Registry& registry() { return p_.registry; }

 private:
  Result<api::Response> create(api::Request& request);
  Result<api::Response> create_subresource(api::Request& request);
  Result<api::Response> write(api::Request& request);
  Result<api::Response> remove(api::Request& request);
  Result<api::Response> remove_collection(api::Request& request);
  Result<api::Response> review(api::Request& request);
  Result<api::Response> token_request(api::Request& request);

  Parts p_;
};

}  // namespace skerry::apiserver
