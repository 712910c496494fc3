// Registry::Impl: what the files of this folder share. registry.cc: life, applying; read.cc: get, list; watch.cc;
// create.cc, update.cc, remove.cc: writes; subresource.cc, eviction.cc: subresources.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/decode.h"
#include "base/guarded.h"
#include "registry/collection.h"
#include "registry/convert.h"
#include "registry/encoding.h"
#include "registry/messages.h"
#include "registry/registry.h"
#include "registry/service_allocator.h"
#include "registry/strategy.h"

namespace skerry::registry {

// One request on its way.
struct Call {
  const api::ResourcePtr& row_ptr;
  const api::Resource& row;     // what the request addresses
  const api::Resource& stored;  // the row that keeps the objects
  const Strategy strategy;
  Collection& collection;
  api::Request& request;
  const Hooks& hooks;
  api::FieldValidation validation = api::FieldValidation::kWarn;
  std::vector<std::string> warnings;

  std::string key() const { return api::make_key(request.ns, request.name); }
};

// A write as the store's listener gets it back.
struct Write {
  Collection* collection = nullptr;
  std::string key;
  bool deletes = false;
  Encoded after;
  api::ObjectPtr result;  // what was made of it; for a deletion the last state
};
struct Writes {
  std::vector<Write> writes;
};

struct Registry::Impl {
  Impl(store::Store& s, const api::Catalog& c, const Clock& k, Random& r, Options o)
      : store(s), catalog(c), clock(k), random(r), options(std::move(o)) {}

  store::Store& store;
  const api::Catalog& catalog;
  const Clock& clock;
  Random& random;
  const Options options;
  std::unique_ptr<ServiceAllocator> services;
  std::atomic<int64_t> applied{0};

  // Collections are made on demand and never removed.
  mutable std::shared_mutex collections_mutex;
  std::map<std::string, std::unique_ptr<Collection>, std::less<>> collections;
  Collection& collection(const std::string& name);
  Collection* find_collection(std::string_view name) const;

  using ObjectId = std::pair<Collection*, std::string>;
  Guarded<std::unordered_map<std::string, std::set<ObjectId>>> owners;  // owner uid -> who names it
  std::mutex observers_mutex;
  std::map<const Collection*, std::vector<std::pair<Moment, Observer>>> observers;
  void tell(const Collection& c, Moment moment, const Event& event);
  struct Expiry {
    std::string key;
    int64_t revision;
  };
  Guarded<std::multimap<MonoTime, Expiry>> event_expiry;

  // registry.cc
  Status load();
  void on_commit(int64_t revision, const store::Transaction& transaction);
  void index_owners(Collection& c, const std::string& key, const api::ObjectPtr& before, const api::ObjectPtr& after);
  void note_event_expiry(const api::Object& event, MonoTime due);
  Result<api::ObjectPtr> commit_put(Collection& c, const std::string& key, int64_t expected, Json& object, bool is_volatile);
  Result<api::ObjectPtr> commit_delete(Collection& c, const std::string& key, int64_t expected);
  std::string now() const { return format_rfc3339(clock.now()); }

  // read.cc
  // Waits until memory has what the store has committed already: someone may have heard of `revision` from a watch a
  // moment before `applied` says so. False: it lies in the future.
  bool reaches(int64_t revision) const;
  Result<api::Response> get(Call& call);
  Result<api::Response> list(Call& call);
  Result<WatchFilter> filter_of(const api::Resource& row, const api::Request& request) const;
  Result<Collection::Slice> slice_at(const Collection& c, int64_t at, std::string_view ns, std::string_view after,
                                     size_t limit, const Collection::Filter& wanted) const;

  // create.cc
  Result<api::Response> create(Call& call);
  Result<api::Response> create_object(Call& call, Json object);
  Status check_namespace(const Call& call, std::string_view name) const;
  Status admit(Call& call, api::Verb operation, Json* object, const Json* old) const;

  // update.cc. `change` makes the new object from the current one; both in the row's form. It runs again if someone
  // else was faster, unless its result names a resourceVersion.
  using Change = std::function<Result<Json>(const Json& current)>;
  Result<api::Response> update(Call& call);
  Result<api::Response> patch(Call& call);
  Result<Json> patched(const Call& call, const api::Type* type, const Json& current) const;
  struct ModifyMode {
    bool admit_whole = true;  // the hook sees the object; else the change has done it
    bool creates = false;     // a missing object is created from change(null)
  };
  Result<api::ObjectPtr> modify(Call& call, const Change& change, ModifyMode mode);
  Result<api::Response> modify_response(Call& call, const Change& change, ModifyMode mode);
  Status prepare_update(Call& call, Json& object, const Json& old);

  // remove.cc
  struct Removal {
    api::ObjectPtr object;  // the last or the current state
    bool gone = false;
  };
  Result<api::Response> remove(Call& call);
  Result<Removal> remove_object(Call& call, const std::string& key);
  Result<api::Response> remove_collection(Call& call);

  // subresource.cc, eviction.cc
  Result<api::Response> subresource(Call& call);
  Result<api::Response> scale(Call& call);
  Result<api::Response> bind_pod(Call& call);
  Result<api::Response> evict(Call& call);
};

// The object's metadata.resourceVersion as a number; 0: not given. BadRequest if it is no number.
Result<int64_t> given_revision(const Json& object);
api::Response object_response(api::ObjectPtr object, int code = 200);
// "" and "0" are no condition.
Result<int64_t> parse_revision(std::string_view text);

}  // namespace skerry::registry
