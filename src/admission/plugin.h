// Admission: small plugins that look at (and complete) a write after it is authorised and before it is stored.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/request.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::admission {

// One write. For create `object` is the body; for update and patch the object as it would become and `existing` what is
// stored; for delete `object` is null and `existing` what is stored; for a subresource that is not an object's own form
// (binding, eviction, token) `object` is the body.
struct Attempt {
  const api::Request& request;
  Json object;
  Json existing;
  std::vector<std::string> warnings;
};

class Plugin {
 public:
  virtual ~Plugin() = default;
  virtual std::string_view name() const = 0;
  // Either may refuse with an Error, which the client sees as it is. Called by many threads at once. mutate() of all
  // plugins runs before validate() of the first.
  virtual Status mutate(Attempt&) { return {}; }
  virtual Status validate(Attempt&) { return {}; }
};

class Chain {
 public:
  void add(std::unique_ptr<Plugin> plugin) { plugins_.push_back(std::move(plugin)); }
  Status run(Attempt& attempt) const;
  Status mutate(Attempt& attempt) const;
  Status validate(Attempt& attempt) const;

 private:
  std::vector<std::unique_ptr<Plugin>> plugins_;
};

}  // namespace skerry::admission
