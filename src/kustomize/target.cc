#include "kustomize/target.h"

#include "kustomize/generators.h"

namespace skerry::kustomize {
namespace {

constexpr size_t kMaxResources = 50'000;

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }
Error wrap(const std::string& prefix, const Error& e) { return bad(prefix + ": " + e.message); }
std::string text_of(const Json& j) { return j.is_string() ? j.get<std::string>() : ""; }
std::string go_quote(const std::string& text) { return json::dump(Json(text)); }

bool is_malformed(const Error& e) { return e.message.find("MalformedYAMLError: ") != std::string::npos; }

}  // namespace

Result<Target> Target::open(Build& build, const Loader& loader, const std::optional<Origin>& origin) {
  auto k = TRY(load_kustomization(loader));
  for (const auto& warning : k.warnings) build.warn(warning);
  if (std::string path = json::str(k.fields, {"openapi", "path"}); !path.empty()) {
    std::string text = TRY(loader.load(path));
    auto nodes = TRY(parse_nodes(text));
    if (nodes.empty() || !nodes[0].is_map()) return bad("invalid schema file " + path);
    build.openapi_document = to_json(nodes[0]);
    build.openapi = &*build.openapi_document;
  }
  return Target(build, loader, std::move(k), origin);
}

Status Target::count(size_t more) {
  build_->resources += more;
  return build_->resources > kMaxResources ? bad("the kustomization has more than " + std::to_string(kMaxResources) + " resources") : Status();
}

std::optional<Origin> Target::made_by(const std::string& kind) const {
  if (!origin_) return std::nullopt;
  Origin out;
  out.configured_in = origin_->below(kustomization_.file).path;
  out.api_version = "builtin";
  out.kind = kind;
  return out;
}

// ---- resources ---------------------------------------------------------------------------------------------

Status Target::add_file(Accumulator& into, const std::string& path) {
  std::string prefix = "accumulating resources from '" + path + "'";
  auto text = loader_.load(path);
  if (!text) return wrap(prefix, text.error());
  auto parsed = parse_resources(*text);
  if (!parsed) return wrap(prefix, is_malformed(parsed.error()) ? bad(parsed.error().message + " in File: " + path) : parsed.error());
  TRY(count(parsed->size()));
  if (origin_)
    for (auto& r : *parsed) r->set_annotation(kOriginAnnotation, origin_->below(path).yaml());
  ResMap read;
  for (auto& r : *parsed)
    if (Status added = read.append(std::move(r)); !added) return wrap(prefix, added.error());
  if (Status added = into.resources.append_all(read); !added) return wrap("merging resources from '" + path + "'", added.error());
  return {};
}

Status Target::add_resources(Accumulator& into, const Json& paths) {
  for (const auto& entry : paths) {
    std::string path = text_of(entry);
    Status as_file = add_file(into, path);
    if (as_file) continue;
    auto base = loader_.base(path);
    if (!base) {
      if (is_malformed(as_file.error()) || is_remote_file(path)) return is_remote_file(path) ? wrap("accumulation err='" + as_file.error().message + "'", base.error()) : as_file.error();
      return wrap("accumulation err='" + as_file.error().message + "'", base.error());
    }
    if (Status done = add_folder(into, *base, path, false); !done) return wrap("accumulation err='" + as_file.error().message + "'", done.error());
  }
  return {};
}

Status Target::add_folder(Accumulator& into, const Loader& loader, const std::string& path, bool component) {
  std::optional<Origin> origin;
  if (origin_) origin = origin_->below(path);
  auto sub = Target::open(*build_, loader, origin);
  if (!sub) return wrap("couldn't make target for path '" + loader.root() + "'", sub.error());
  std::string kind = json::str(sub->kustomization().fields, "kind");
  if (component && !sub->kustomization().is_component()) return bad("expected kind 'Component' for path '" + loader.root() + "' but got '" + kind + "'");
  if (!component && sub->kustomization().is_component()) return bad("expected kind != 'Component' for path '" + loader.root() + "'");
  auto made = component ? sub->accumulate(std::move(into)) : sub->accumulate();
  if (!made) return wrap("recursed accumulation of path '" + loader.root() + "'", made.error());
  if (component) {
    into = std::move(*made);
    return {};
  }
  auto merge = [&]() -> Status {
    TRY(into.resources.append_all(made->resources));
    TRY(into.config.merge(made->config));
    return merge_vars(into.vars, made->vars);
  };
  if (Status merged = merge(); !merged) return wrap("recursed merging from path '" + loader.root() + "'", merged.error());
  return {};
}

Status Target::add_components(Accumulator& into) {
  for (const auto& entry : kustomization_.list("components")) {
    std::string path = text_of(entry);
    auto base = loader_.base(path);
    if (!base) return bad("accumulating components: loader.New " + go_quote(base.error().message));
    if (Status done = add_folder(into, *base, path, true); !done) return bad("accumulating components: accumulateDirectory: " + go_quote(done.error().message));
  }
  return {};
}

// ---- configuration -------------------------------------------------------------------------------------------

Status Target::add_config(Accumulator& into) {
  TransformerConfig own = TransformerConfig::builtin();
  auto load = [&](const std::string& path) -> Result<Json> {
    std::string text = TRY(loader_.load(path));
    auto nodes = TRY(parse_nodes(text));
    return nodes.empty() ? Json() : to_json_yaml11(nodes[0]);
  };
  for (const auto& entry : kustomization_.list("configurations")) {
    Json file = TRY(load(text_of(entry)));
    auto more = TRY(TransformerConfig::parse(file));
    TRY(own.merge(more));
  }
  if (Status merged = into.config.merge(own); !merged) return wrap("merging config", merged.error());
  for (const auto& entry : kustomization_.list("crds")) {
    auto file = load(text_of(entry));
    if (!file) return wrap("loading CRDs " + json::dump(kustomization_.list("crds")), file.error());
    TRY(into.config.merge(config_of_crds(*file)));
  }
  into.config.sort();
  return {};
}

// ---- generators and transformers -----------------------------------------------------------------------------

Result<ResMap> Target::plugins(const Json& entries) {
  Accumulator out;
  Json paths = Json::array();
  for (const auto& entry : entries) {
    auto inline_ones = parse_resources(text_of(entry));
    if (!inline_ones || inline_ones->empty()) {
      paths.push_back(entry);
      continue;
    }
    for (auto& r : *inline_ones) {
      if (origin_) r->set_annotation(kOriginAnnotation, origin_->below(kustomization_.file).yaml());
      TRY(out.resources.append(std::move(r)));
    }
  }
  TRY(add_resources(out, paths));
  return std::move(out.resources);
}

namespace {

// What configures a plugin says where it stands itself.
std::optional<Origin> plugin_origin(const Resource& plugin) {
  std::string origin = plugin.node.text({"metadata", "annotations", kOriginAnnotation});
  if (!origin.starts_with("path: ")) return std::nullopt;
  Origin out;
  out.configured_in = origin.substr(6, origin.find('\n') - 6);
  out.api_version = plugin.node.text({"apiVersion"});
  out.kind = plugin.gvk().kind;
  out.name = plugin.name();
  out.ns = plugin.ns();
  return out;
}

}  // namespace

Status Target::run_generators(Accumulator& into) {
  struct Made {
    std::string by;
    ResMap resources;
  };
  std::vector<Made> all;
  for (const char* field : {"configMapGenerator", "secretGenerator"}) {
    bool secret = std::string_view(field) == "secretGenerator";
    for (const auto& args : kustomization_.list(field)) {
      auto resource = TRY(generate(loader_, secret ? "Secret" : "ConfigMap", args, json::find(kustomization_.fields, "generatorOptions")));
      ResMap one;
      TRY(one.append(std::move(resource)));
      std::string by = secret ? "SecretGenerator" : "ConfigMapGenerator";
      add_origin(one, made_by(by));
      all.push_back({by, std::move(one)});
    }
  }
  for (const char* field : {"helmCharts", "helmChartInflationGenerator"})
    for (const auto& chart : kustomization_.list(field))
      return bad("trouble configuring builtin HelmChartInflationGenerator with config: `\nname: " + json::str(chart, "name") + "\n`: must specify --enable-helm");
  auto configured = plugins(kustomization_.list("generators"));
  if (!configured) return wrap("loading generator plugins", configured.error());
  for (const auto& plugin : configured->all()) {
    auto made = run_plugin_generator(*plugin, loader_);
    if (!made) return wrap("loading generator plugins: failed to load generator", made.error());
    add_origin(*made, plugin_origin(*plugin));
    all.push_back({plugin->gvk().kind, std::move(*made)});
  }
  for (auto& made : all) {
    TRY(count(made.resources.all().size()));
    if (Status absorbed = into.resources.absorb(made.resources); !absorbed) return wrap("merging from generator " + made.by, absorbed.error());
  }
  return {};
}

Status Target::run_transformers(Accumulator& into) {
  auto steps = TRY(field_transformers(kustomization_, loader_, into.config, build_->openapi));
  for (auto& step : steps) step.origin = made_by(step.kind);
  auto configured = TRY(plugins(kustomization_.list("transformers")));
  for (const auto& plugin : configured.all()) {
    auto step = TRY(plugin_transformer(*plugin, loader_, build_->openapi));
    step.origin = plugin_origin(*plugin);
    steps.push_back(std::move(step));
  }
  for (auto& step : steps) {
    TRY(step.run(into.resources));
    into.resources.drop_empty();
    add_transformation(into.resources, step.origin);
  }
  return {};
}

Status Target::run_validators(Accumulator& into) {
  auto configured = TRY(plugins(kustomization_.list("validators")));
  for (const auto& plugin : configured.all()) {
    auto step = TRY(plugin_transformer(*plugin, loader_, build_->openapi));
    std::vector<Json> before;
    for (const auto& r : into.resources.all()) before.push_back(to_json(r->node));
    TRY(step.run(into.resources));
    bool same = into.resources.all().size() == before.size();
    for (size_t i = 0; same && i < before.size(); ++i) same = to_json(into.resources.all()[i]->node) == before[i];
    if (!same) return bad("validator shouldn't modify the resource map: " + plugin->id().text());
  }
  return {};
}

// ---- all of it -------------------------------------------------------------------------------------------------

Result<Accumulator> Target::accumulate(Accumulator into) {
  if (Status added = add_resources(into, kustomization_.list("resources")); !added) return wrap("accumulating resources", added.error());
  TRY(add_config(into));
  TRY(run_generators(into));
  TRY(add_components(into));
  TRY(run_transformers(into));
  TRY(run_validators(into));
  auto vars = TRY(parse_vars(json::find(kustomization_.fields, "vars")));
  if (Status added = add_vars(into.vars, vars, into.resources); !added) return wrap("merging vars", added.error());
  return into;
}

}  // namespace skerry::kustomize
