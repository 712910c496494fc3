// Admission: small plugins that look at (and complete) a write after it is authorised and before it is stored.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::admission {

// One write, decoded and defaulted.
struct Attempt {
  const api::Request& request;
  api::Verb operation;    // kCreate, kUpdate (also for patches) or kDelete
  Json* object;           // what would be stored, or the body of a subresource (Binding, Eviction, Scale, TokenRequest);
                          // null for a deletion
  const Json* existing;   // what is stored; null for a creation
  std::vector<std::string> warnings;

  // Of this resource itself, not of a subresource.
  bool is(const api::Gvr& gvr) const {
    return request.subresource.empty() && request.gvr.group == gvr.group && request.gvr.resource == gvr.resource;
  }
  bool creates(const api::Gvr& gvr) const { return operation == api::Verb::kCreate && is(gvr); }
  std::string name() const;  // of the request, or the object's
};

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::string_view name() const = 0;
  // Either may refuse with an Error, which the client sees as it is. Called by many threads at once, perhaps several
  // times for one request. mutate() of all plugins runs before validate() of the first.
  virtual Status mutate(Attempt&) { return {}; }
  virtual Status validate(Attempt&) { return {}; }
};

class Chain {
 public:
  void add(std::unique_ptr<Plugin> plugin) { plugins_.push_back(std::move(plugin)); }
  Status run(Attempt& attempt) const;

 private:
  std::vector<std::unique_ptr<Plugin>> plugins_;
};

// How plugins read objects as they are now. Null / empty where there is none.
struct Reader {
  std::function<api::ObjectPtr(const api::Gvr&, const std::string& ns, const std::string& name)> find;
  std::function<std::vector<api::ObjectPtr>(const api::Gvr&, const std::string& ns)> list;
};

// `pods "x" is forbidden: <why>`, with details.
Error refuse(const Attempt& attempt, const std::string& why);

}  // namespace skerry::admission
