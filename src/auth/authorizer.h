// Authorizer: may this user do that?
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/request.h"
#include "base/result.h"

namespace skerry::auth {

struct Attributes {
  api::UserInfo user;
  std::string verb;
  // A resource request, or (path not empty) a request for a URL.
  std::string ns, group, version, resource, subresource, name;
  std::string path;
  std::string field_selector;  // of a list or watch, as given

  bool is_resource() const { return path.empty(); }
};
Attributes attributes_of(const api::Request& request);

struct Decision {
  enum class Kind { kNoOpinion, kAllow, kDeny };
  Kind kind = Kind::kNoOpinion;
  std::string reason;
  bool allowed() const { return kind == Kind::kAllow; }
};

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Decision authorize(const Attributes& attributes) const = 0;  // thread-safe
};

// system:masters may do anything; then the first of the others with an opinion decides.
class AuthorizerChain final : public Authorizer {
 public:
  explicit AuthorizerChain(std::vector<const Authorizer*> chain) : chain_(std::move(chain)) {}
  Decision authorize(const Attributes& attributes) const override;

 private:
  std::vector<const Authorizer*> chain_;
};

// `pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "y"[: reason]`.
Error forbidden(const Attributes& attributes, const std::string& reason = "");

bool in_group(const api::UserInfo& user, std::string_view group);

}  // namespace skerry::auth
