#include "apiserver/resource_paths.h"

#include <algorithm>

#include "apiserver/render.h"
#include "apiserver/watch_session.h"
#include "base/strings.h"

namespace skerry::apiserver {
namespace {

// Watches end by themselves after 30 to 60 minutes, as with Kubernetes' --min-request-timeout.
constexpr int kMinWatchSeconds = 1800;

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + "\"";
}

bool has_body(api::Verb verb) { return verb == api::Verb::kCreate || verb == api::Verb::kUpdate; }

// What Kubernetes warns of whenever it is asked for: kinds that something better has taken the place of. Empty for all others.
std::string_view deprecation(const api::Gvr& gvr) {
  if (gvr.group.empty() && gvr.resource == "endpoints") return "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  if (gvr.group.empty() && gvr.resource == "componentstatuses") return "v1 ComponentStatus is deprecated in v1.19+";
  return {};
}

// What the URL alone says: enough to authorise.
api::Request addressed(const Route& route, const api::UserInfo& user) {
  api::Request out;
  out.verb = route.verb;
  out.gvr = route.gvr;
  out.ns = route.ns;
  out.name = route.name;
  out.subresource = route.subresource;
  out.user = user;
  return out;
}

}  // namespace

Result<api::Request> ResourcePaths::make_request(const http::Request& request, const Route& route, const api::UserInfo& user) const {
  api::Request out = addressed(route, user);
  out.user_agent = std::string(request.headers.get("User-Agent"));
  out.options = TRY(parse_options(request.query()));
  if (!request.body.empty() && request.headers.has("Content-Encoding"))
    return Error(Reason::kUnsupportedMediaType, "the body of the request must not be encoded");
  std::string_view type = request.headers.get("Content-Type");
  if (route.verb == api::Verb::kPatch) {
    out.patch_type = TRY(patch_type(type));
    if (out.patch_type != api::PatchType::kApply) {
      out.body = TRY(json::parse_json(request.body));
      if (out.options.force)
        return Error(Reason::kInvalid, "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch");
    }
  } else if (has_body(route.verb)) {
    Body body = TRY(decode_body(type, request.body));
    if (body.value.is_null() && route.verb == api::Verb::kUpdate) return Error(Reason::kBadRequest, "the request has no body");
    out.body = std::move(body.value);
    out.body_warnings = std::move(body.warnings);
  } else if (route.verb == api::Verb::kDelete || route.verb == api::Verb::kDeleteCollection) {
    Body body = TRY(decode_body(type, request.body));
    TRY(apply_delete_options(body.value, out.options));
  }
  if (route.verb == api::Verb::kWatch && !out.name.empty()) {  // /watch/.../<name>
    std::string& selector = out.options.field_selector;
    selector += (selector.empty() ? "metadata.name=" : ",metadata.name=") + out.name;
    out.name.clear();
  }
  return out;
}

Result<int> ResourcePaths::serve(const http::Request& request, http::ResponseWriter& writer, const Route& route, const api::UserInfo& user) {
  // Who may not do it learns nothing else, not even that the body is wrong.
  api::Request head = addressed(route, user);
  head.options.field_selector = request.query().get("fieldSelector");
  TRY(pipeline_.authorize(head));
  api::ResourcePtr row = TRY(pipeline_.row_of(head));
  if (const auto warning = deprecation(route.gvr); !warning.empty()) writer.headers().add("Warning", "299 - " + quote(warning));
  Form form = TRY(negotiate(request.headers.get("Accept"), true));
  if (form.as != Form::As::kObject && !row->stored && route.subresource.empty())
    return Error(Reason::kNotAcceptable, "the server was unable to respond with a content type that the client supports");
  if (request.query().has("pretty") && request.query().get("pretty") != "false" && request.query().get("pretty") != "0") form.pretty = true;
  api::Request asked = TRY(make_request(request, route, user));
  if (route.verb == api::Verb::kWatch) return serve_watch(request, writer, std::move(asked));

  api::TableOptions table;
  table.include = TRY(api::parse_include_object(request.query().get("includeObject")));
  if (!form.version.empty()) table.version = form.version;
  bool other_kind = !asked.subresource.empty() && asked.subresource != "status";
  api::Response response = TRY(pipeline_.handle(std::move(asked)));
  Rendered rendered = TRY(render(response, other_kind ? nullptr : row.get(), form, table, clock_.now()));
  for (const auto& warning : response.warnings) writer.headers().add("Warning", "299 - " + quote(warning));
  writer.headers().set("Cache-Control", "no-cache, private");
  writer.send(response.code, rendered.content_type, std::move(rendered.parts));
  return response.code;
}

Result<int> ResourcePaths::serve_watch(const http::Request& request, http::ResponseWriter& writer, api::Request asked) {
  Form form = TRY(negotiate(request.headers.get("Accept"), true));
  if (form.encoding == Form::Encoding::kYaml) return Error(Reason::kNotAcceptable, "watches are JSON or protobuf");
  form.pretty = false;
  api::ResourcePtr row = TRY(pipeline_.row_of(asked));
  api::TableOptions table;
  table.include = TRY(api::parse_include_object(request.query().get("includeObject")));
  int seconds = static_cast<int>(asked.options.timeout_s);
  if (asked.options.timeout_s <= 0 || asked.options.timeout_s > 365 * 86400)
    seconds = kMinWatchSeconds + static_cast<int>(random_.below(kMinWatchSeconds));
  auto session = std::make_shared<WatchSession>(executor_, row, form, table, clock_, asked.options.allow_bookmarks);
  auto stream = TRY(pipeline_.watch(asked, session->wake()));
  sessions_.lock()->insert(session);
  ++metrics_.watching;
  writer.headers().set("Cache-Control", "no-cache, private");
  auto out = writer.stream(200, session->content_type());
  session->start(std::move(stream), std::move(out), std::chrono::seconds(seconds), [this, weak = std::weak_ptr(session)] {
    auto s = weak.lock();
    if (!s) return;
    s->stop();
    if (sessions_.lock()->erase(s)) --metrics_.watching;
  });
  return 200;
}

void ResourcePaths::stop() {
  std::set<std::shared_ptr<WatchSession>> all;
  all.swap(*sessions_.lock());
  metrics_.watching -= static_cast<int>(all.size());
  for (const auto& session : all) session->stop();
}

}  // namespace skerry::apiserver
