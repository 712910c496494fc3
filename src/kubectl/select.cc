#include "kubectl/select.h"

#include <algorithm>

#include "api/catalog.h"
#include "api/selector.h"
#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/sources.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kNothingSelected =
    "You must provide one or more resources by argument or filename.\n"
    "Example resource specifications include:\n"
    "   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'\n"
    "   '<resource> <name>'\n"
    "   '<resource>'";

// Without a server: from the built-in tables, else guessed from the kind.
Mapping local_mapping(const std::string& api_version, const std::string& kind) {
  for (auto& r : api::Catalog::builtin())
    if (r.kind == kind && r.api_version() == api_version) {
      Mapping m = mapping_of(api_version, r.plural, r.kind, r.namespaced);
      m.singular = r.singular;
      return m;
    }
  return mapping_of(api_version, to_lower(kind) + "s", kind, true);
}

Error unrecognised(const SourceObject& s, const Error& cause) {
  return plain_error("resource mapping not found for name: \"" + json::str(s.object, {"metadata", "name"}) + "\" namespace: \"" +
                     json::str(s.object, {"metadata", "namespace"}) + "\" from \"" + s.source + "\": " + cause.message +
                     "\nensure CRDs are installed first");
}

class Selector {
 public:
  Selector(Session& session, const Selection& selection, const Wanted& wanted) : s_(session), q_(selection), wanted_(wanted) {}

  Result<Selected> run() {
    if (q_.all && (!q_.label_selector.empty() || !q_.field_selector.empty())) return plain_error("setting 'all' parameter but found a non empty selector. ");
    if (!q_.filenames.empty() || !q_.kustomize.empty()) {
      if (!q_.words.empty()) return plain_error("when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well");
      TRY(from_files());
      return std::move(out_);
    }
    if (q_.words.empty()) return plain_error(std::string(kNothingSelected));
    if (q_.local) return plain_error("arguments must consist of a file when --local is given: the server is not asked");
    TRY(from_words());
    return std::move(out_);
  }

 private:
  // Commands that send what files hold check it first unless told otherwise.
  bool validating() const {
    if (!s_.flags.has("validate") || !s_.flags.has("filename")) return false;
    std::string v = to_lower(s_.flags.text("validate"));
    return v == "strict" || v == "true" || v == "warn";
  }

  Status from_files() {
    auto sources = TRY(read_sources(q_.filenames, q_.kustomize, q_.recursive, s_.in, s_.err, validating()));
    out_.single = sources.single;
    out_.errors = std::move(sources.errors);
    const std::string ns = TRY(namespace_or_default());
    for (auto& source : sources.objects) {
      std::string api_version = json::str(source.object, "apiVersion"), kind = json::str(source.object, "kind");
      Item item;
      if (q_.local) {
        item.mapping = local_mapping(api_version, kind);
      } else {
        auto* discovery = TRY(s_.discovery());
        auto mapping = discovery->by_kind(api_version, kind);
        if (!mapping) {
          if (!is_no_match(mapping.error())) return mapping.error();
          out_.errors.push_back(unrecognised(source, mapping.error()));
          continue;
        }
        item.mapping = *mapping;
      }
      item.source = source.source;
      item.object = std::move(source.object);
      item.name = json::str(item.object, {"metadata", "name"});
      if (item.mapping.namespaced) {
        item.ns = json::str(item.object, {"metadata", "namespace"});
        if (item.ns.empty()) {
          item.ns = ns;
          if (!q_.local) item.object["metadata"]["namespace"] = ns;
        } else if (s_.ns_enforced() && item.ns != ns) {
          out_.errors.push_back(plain_error("the namespace from the provided object \"" + item.ns + "\" does not match the namespace \"" + ns +
                                            "\". You must pass '--namespace=" + item.ns + "' to perform this operation."));
          continue;
        }
      }
      if (wanted_.fetch && wanted_.fetch_files && !q_.local) {
        if (item.name.empty()) {
          out_.errors.push_back(plain_error("resource name may not be empty"));
          continue;
        }
        if (!fetch(item)) continue;
      }
      out_.items.push_back(std::move(item));
    }
    return {};
  }

  Result<std::string> namespace_or_default() {
    auto ns = s_.ns();
    if (!ns && q_.local) return std::string("default");
    return ns;
  }

  // False where it is left out; the reason is in out_.errors unless that was wanted.
  bool fetch(Item& item) {
    auto objects = s_.objects();
    if (!objects) {
      out_.errors.push_back(objects.error());
      return false;
    }
    auto got = (*objects)->get(item.mapping, item.ns, item.name, wanted_.subresource);
    if (got) {
      item.object = std::move(*got);
      return true;
    }
    if (!(wanted_.ignore_not_found && got.error().code == 404)) out_.errors.push_back(got.error());
    return false;
  }

  Status from_words() {
    bool slashes = std::any_of(q_.words.begin(), q_.words.end(), [](auto& w) { return w.find('/') != std::string::npos; });
    auto* discovery = TRY(s_.discovery());
    if (slashes) {
      std::vector<std::pair<std::string, std::string>> named;
      if (q_.words.size() > 1 && q_.words[0].find('/') == std::string::npos)
        return plain_error("there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
                           "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'");
      out_.single = q_.words.size() == 1;
      for (auto& word : q_.words) {
        auto slash = word.find('/');
        if (slash == std::string::npos)
          return plain_error("there is no need to specify a resource type as a separate argument when passing arguments in resource/name form "
                             "(e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'");
        std::string type = word.substr(0, slash), name = word.substr(slash + 1);
        if (name.find('/') != std::string::npos) return plain_error("arguments in resource/name form may not have more than one slash");
        if (type.empty() || name.empty())
          return plain_error("arguments in resource/name form must have a single resource and name");
        if (type.find(',') != std::string::npos) return plain_error("arguments in resource/name form must have a single resource and name");
        named.emplace_back(type, name);
      }
      if (!q_.label_selector.empty() || !q_.field_selector.empty() || q_.all)
        return plain_error("selectors and the all flag cannot be used when passing resource/name arguments");
      std::vector<std::pair<Mapping, std::string>> found;
      for (auto& [type, name] : named) {
        Mapping m = TRY(discovery->by_resource(type));
        if (wanted_.single_type && !found.empty() && found[0].first.gvr() != m.gvr()) return plain_error("you may only specify a single resource type");
        found.emplace_back(std::move(m), name);
      }
      for (auto& [m, name] : found) TRY(add_named(m, name));
      return {};
    }
    // TYPE[,TYPE...] [NAME...]
    std::vector<Mapping> types;
    if (q_.words.size() > 1 && q_.words[0].find(',') != std::string::npos)
      for (auto part : split(q_.words[0], ','))
        if (part.empty()) return plain_error("arguments in resource/name form must have a single resource and name");
    if (wanted_.single_type && q_.words[0].find(',') != std::string::npos) return plain_error("you may only specify a single resource type");
    for (auto part : split(q_.words[0], ',')) {
      auto category = TRY(category_of(*discovery, part));
      if (!category.empty()) {
        for (auto& m : category) add_type(types, m);
        continue;
      }
      Mapping m = TRY(discovery->by_resource(part));
      add_type(types, m);
    }
    std::vector<std::string> names(q_.words.begin() + 1, q_.words.end());
    if (!names.empty()) {
      if (!q_.label_selector.empty() || !q_.field_selector.empty() || q_.all)
        return plain_error(q_.words[0].find(',') == std::string::npos ? "name cannot be provided when a selector is specified"
                                                                      : "selectors and the all flag cannot be used when passing resource/name arguments");
      out_.single = names.size() == 1 && types.size() == 1;
      for (auto& m : types)
        for (auto& n : names) TRY(add_named(m, n));
      return {};
    }
    if (q_.label_selector.empty() && q_.field_selector.empty() && !q_.all && wanted_.bare_types == BareTypes::kRefused)
      return plain_error("resource(s) were provided, but no name was specified");
    if (!wanted_.subresource.empty()) return plain_error("subresource cannot be used when bulk resources are specified");
    for (auto& m : types) TRY(add_list(m));
    return {};
  }

  // Only words that no resource is called are categories.
  Result<std::vector<Mapping>> category_of(Discovery& discovery, std::string_view word) {
    if (word != "all" && discovery.by_resource(word)) return std::vector<Mapping>{};
    return discovery.category(word);
  }
  static void add_type(std::vector<Mapping>& types, const Mapping& m) {
    for (auto& t : types) if (t.group == m.group && t.version == m.version && t.resource == m.resource) return;
    types.push_back(m);
  }

  Status add_named(const Mapping& m, const std::string& name) {
    Item item{.mapping = m, .ns = {}, .name = name};
    if (m.namespaced) {
      if (q_.all_namespaces) return plain_error("a resource cannot be retrieved by name across all namespaces");
      item.ns = TRY(s_.ns());
    }
    if (name.empty()) {
      out_.errors.push_back(plain_error("resource name may not be empty"));
      return {};
    }
    if (wanted_.fetch && !fetch(item)) return {};
    out_.items.push_back(std::move(item));
    return {};
  }

  Status add_list(const Mapping& m) {
    Item list{.mapping = m, .ns = {}, .name = {}};
    if (m.namespaced && !q_.all_namespaces) list.ns = TRY(s_.ns());
    if (wanted_.bare_types == BareTypes::kAsList) {
      out_.items.push_back(std::move(list));
      return {};
    }
    auto* objects = TRY(s_.objects());
    auto got = objects->list(m, list.ns, {.label_selector = q_.label_selector, .field_selector = q_.field_selector, .chunk = q_.chunk});
    if (!got) {
      if (got.error().code == 0) return got.error();
      out_.errors.push_back(list_error(got.error(), m, q_.label_selector, q_.field_selector));
      return {};
    }
    std::string api_version = json::str(*got, "apiVersion", m.api_version());
    for (auto& o : (*got)["items"]) {
      if (!o.contains("kind")) o["kind"] = m.kind;
      if (!o.contains("apiVersion")) o["apiVersion"] = api_version;
      Item item{.mapping = m, .ns = json::str(o, {"metadata", "namespace"}), .name = json::str(o, {"metadata", "name"})};
      item.object = std::move(o);
      out_.items.push_back(std::move(item));
    }
    return {};
  }

  Session& s_;
  const Selection& q_;
  const Wanted& wanted_;
  Selected out_;
};

}  // namespace

std::string Item::display_name() const { return mapping.singular_name() + "/" + name; }

Result<Selected> select(Session& session, const Selection& selection, const Wanted& wanted) {
  TRY(session.ns());  // kubectl finds what is wrong with the configuration here, in other words than when it connects
  return Selector(session, selection, wanted).run();
}

Result<std::vector<Item>> select_items(Session& session, const Selection& selection, const Wanted& wanted) {
  auto selected = TRY(select(session, selection, wanted));
  session.fail(selected.errors);
  return std::move(selected.items);
}
Result<std::vector<Item>> select_items(Session& session, const Wanted& wanted) { return select_items(session, selection_of(session), wanted); }

Result<Selected> select_in_files(Session& session) {
  auto selected = TRY(select(session, selection_of(session)));
  auto labels = TRY(api::LabelSelector::parse(session.flags.text("selector")));
  std::erase_if(selected.items, [&](const Item& item) { return !labels.matches_json(json::find(item.object, {"metadata", "labels"})); });
  return selected;
}

std::vector<Flag> file_flags(std::string_view what) {
  static constexpr std::string_view kFallback = "Filename, directory, or URL to files identifying the resource.";
  return {
      {"filename", 'f', FlagType::kStrings, "", what.empty() ? kFallback : what},
      {"kustomize", 'k', FlagType::kString, "", "Process the kustomization directory. This flag can't be used together with -f or -R."},
      {"recursive", 'R', FlagType::kBool, "false",
       "Process the directory used in -f, --filename recursively. Useful when you want to manage related manifests organized within the same directory."},
  };
}

Flag selector_flag() {
  return {"selector", 'l', FlagType::kString, "",
          "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.(e.g. -l key1=value1,key2=value2,key3 in (value3)). "
          "Matching objects must satisfy all of the specified label constraints."};
}
Flag field_selector_flag() {
  return {"field-selector", 0, FlagType::kString, "",
          "Selector (field query) to filter on, supports '=', '==', and '!='.(e.g. --field-selector key1=value1,key2=value2). The server only "
          "supports a limited number of field queries per type."};
}
Flag all_namespaces_flag() {
  return {"all-namespaces", 'A', FlagType::kBool, "false",
          "If present, list the requested object(s) across all namespaces. Namespace in current context is ignored even if specified with --namespace."};
}

Selection selection_of(Session& s) {
  const Flags& f = s.flags;
  Selection q;
  q.words = s.words();
  if (f.has("filename")) q.filenames = f.list("filename");
  if (f.has("kustomize")) q.kustomize = f.text("kustomize");
  if (f.has("recursive")) q.recursive = f.boolean("recursive");
  if (f.has("selector")) q.label_selector = f.text("selector");
  if (f.has("field-selector")) q.field_selector = f.text("field-selector");
  if (f.has("all-namespaces")) q.all_namespaces = f.boolean("all-namespaces");
  if (f.has("all")) q.all = f.boolean("all");
  if (f.has("local")) q.local = f.boolean("local");
  if (f.has("chunk-size")) q.chunk = f.number("chunk-size");
  return q;
}

}  // namespace skerry::kubectl
