// get and list.
#include "api/selector.h"
#include "base/strings.h"
#include "registry/registry_impl.h"

namespace skerry::registry {
namespace {

// What a continue token says. revision < 0: go on with whatever is there now.
struct Continue {
  int64_t revision = 0;
  std::string after;  // the last key delivered
};

std::string encode_continue(const Continue& c) {
  return base64url_encode(json::dump({{"v", "meta.k8s.io/v1"}, {"rv", c.revision}, {"start", c.after}}));
}

Result<Continue> decode_continue(const std::string& token) {
  auto invalid = [] { return bad_request("continue key is not valid: token is damaged"); };
  auto text = base64url_decode(token);
  if (!text) return invalid();
  auto parsed = json::parse_json(*text);
  if (!parsed || json::str(*parsed, "v") != "meta.k8s.io/v1" || !parsed->contains("rv")) return invalid();
  return Continue{json::integer(*parsed, "rv"), json::str(*parsed, "start")};
}

Error expired_continue(const Continue& c) {
  Error error(Reason::kExpired,
              "The provided continue parameter is too old to display a consistent list result. You can start a new list "
              "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
              "the results. Continuing with the provided token results in an inconsistent list - objects that were "
              "created, modified, or deleted between the time the first chunk was returned and now may show up in the list.");
  ErrorDetails details;
  details.continue_token = encode_continue({-1, c.after});
  error.details = std::make_shared<const ErrorDetails>(std::move(details));
  return error;
}

// The rules for resourceVersion and resourceVersionMatch of a list (meta/v1 ListOptions).
Status check_options(const api::Options& o) {
  auto forbid = [](std::string_view field, std::string_view why) -> Status {
    Error error(Reason::kInvalid, "ListOptions.meta.k8s.io \"\" is invalid: " + std::string(field) + ": Forbidden: " + std::string(why));
    return with_cause(std::move(error), "FieldValueForbidden", "Forbidden: " + std::string(why), std::string(field));
  };
  if (o.limit < 0) return bad_request("limit must not be negative");
  if (o.resource_version_match.empty()) {
    if (!o.continue_token.empty() && !o.resource_version.empty() && o.resource_version != "0")
      return bad_request("specifying resource version is not allowed when using continue");
    return {};
  }
  if (!o.continue_token.empty()) return forbid("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  if (o.resource_version.empty())
    return forbid("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (o.resource_version_match != "Exact" && o.resource_version_match != "NotOlderThan")
    return bad_request("resourceVersionMatch: Unsupported value: \"" + o.resource_version_match + "\"");
  if (o.resource_version_match == "Exact" && o.resource_version == "0")
    return forbid("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  return {};
}

}  // namespace

bool Registry::Impl::reaches(int64_t revision) const {
  int64_t seen = applied.load(std::memory_order_acquire);
  while (seen < revision) {
    if (revision > store.revision()) return false;
    applied.wait(seen);
    seen = applied.load(std::memory_order_acquire);
  }
  return true;
}

Result<api::Response> Registry::Impl::get(Call& call) {
  int64_t wanted = TRY(parse_revision(call.request.options.resource_version));
  if (!reaches(wanted)) return too_large(wanted, applied);
  auto object = call.collection.find(call.key());
  if (!object) return not_found(call.row, call.request.name);
  return object_response(view_as(call.row, object));
}

Result<WatchFilter> Registry::Impl::filter_of(const api::Resource& row, const api::Request& request) const {
  WatchFilter filter;
  filter.ns = request.ns;
  filter.name = request.name;
  filter.labels = TRY(api::LabelSelector::parse(request.options.label_selector));
  filter.fields = TRY(api::FieldSelector::parse(row, request.options.field_selector));
  if (filter.name.empty())
    if (const std::string* name = filter.fields.exact("metadata.name")) filter.name = *name;
  if (filter.ns.empty())
    if (const std::string* ns = filter.fields.exact("metadata.namespace")) filter.ns = *ns;
  return filter;
}

// The ring remembers the last minutes; what is older comes from the store's log.
Result<Collection::Slice> Registry::Impl::slice_at(const Collection& c, int64_t at, std::string_view ns,
                                                   std::string_view after, size_t limit,
                                                   const Collection::Filter& wanted) const {
  if (auto recent = c.slice_at(at, ns, after, limit, wanted)) return std::move(*recent);
  if (at < store.compacted()) return Error(Reason::kExpired, "The resourceVersion for the provided list is too old.");
  Collection::Slice out;
  out.revision = at;
  std::string prefix = ns.empty() ? c.prefix() : c.prefix() + std::string(ns) + "/";
  std::string from = after.empty() ? std::string() : c.store_key(after);
  constexpr size_t kPage = 500;
  while (true) {
    store::Page page = TRY(store.read(prefix, from, kPage, at));
    for (const store::Value& value : page.values) {
      auto object = load_object(value.value, value.revision);
      if (!object || (wanted && !wanted(*object))) continue;
      if (limit != 0 && out.items.size() == limit) {
        out.more = true;
        return out;
      }
      out.items.push_back(std::move(object));
    }
    if (!page.more) return out;
    from = page.values.back().key;
  }
}

Result<api::Response> Registry::Impl::list(Call& call) {
  const api::Options& o = call.request.options;
  TRY(check_options(o));
  WatchFilter filter = TRY(filter_of(call.row, call.request));
  Collection::Filter wanted;
  const bool converted = call.row.stored_as != nullptr;
  if (!filter.labels.empty() || !filter.fields.empty() || !filter.name.empty())
    wanted = [&](const api::Object& object) {
      if (!converted || filter.fields.empty()) return filter.matches(object);
      // The fields' names are those of the row's form.
      return filter.matches(*view_as(call.row, std::make_shared<const api::Object>(object)));
    };
  const size_t limit = static_cast<size_t>(o.limit);
  int64_t revision = TRY(parse_revision(o.resource_version));
  if (!reaches(revision)) return too_large(revision, applied);
  const int64_t current = applied.load(std::memory_order_acquire);

  Collection::Slice slice;
  auto done = std::make_shared<api::List>();
  if (!o.continue_token.empty()) {
    Continue from = TRY(decode_continue(o.continue_token));
    if (from.revision < 0) {
      slice = call.collection.slice(filter.ns, from.after, limit, wanted, current);
    } else {
      auto then = slice_at(call.collection, from.revision, filter.ns, from.after, limit, wanted);
      if (!then && then.error().is(Reason::kExpired)) return expired_continue(from);
      slice = TRY(std::move(then));
    }
  } else if (o.resource_version_match == "Exact" || (limit != 0 && o.resource_version_match.empty() && revision != 0)) {
    slice = TRY(slice_at(call.collection, revision, filter.ns, "", limit, wanted));
  } else {
    slice = call.collection.slice(filter.ns, "", limit, wanted, current);
  }

  done->revision = slice.revision;
  if (slice.more) {
    done->continue_token = encode_continue({slice.revision, slice.items.back()->key()});
    if (!wanted && slice.remaining != 0) done->remaining = static_cast<int64_t>(slice.remaining);
  }
  done->items = std::move(slice.items);
  if (converted || call.row.custom)
    for (auto& item : done->items) item = view_as(call.row, item);
  api::Response response;
  response.list = std::move(done);
  return response;
}

}  // namespace skerry::registry
