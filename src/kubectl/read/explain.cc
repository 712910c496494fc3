// kubectl explain.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/read/commands.h"
#include "kubectl/read/explain_schema.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"api-version", 0, kString, "", "Use given api-version (group/version) of the resource."},
      {"output", 'o', kString, "plaintext", "Format in which to render the schema. Valid values are: (plaintext, plaintext-openapiv2)."},
      {"recursive", 'R', kBool, "false", "When true, print the name of all the fields recursively. Otherwise, print the available fields with their description."},
  };
}

// All that the first part of the word may mean, the one that would be taken alone first.
Result<std::vector<Mapping>> candidates(Discovery& discovery, const std::string& first) {
  Mapping best = TRY(discovery.by_resource(first));
  std::vector<Mapping> all = TRY(discovery.preferred_resources());
  std::vector<Mapping> out{best};
  for (auto& m : all)
    if (m.resource == best.resource && m.group != best.group) out.push_back(m);
  return out;
}

// The same kind of objects in the version asked for; the error where the server has none.
Result<Mapping> in_version(Discovery& discovery, const Mapping& mapping, const std::string& api_version) {
  if (std::count(api_version.begin(), api_version.end(), '/') > 1) return plain_error("unexpected GroupVersion string: " + api_version);
  auto* all = TRY(discovery.resources());
  for (auto& m : *all)
    if (m.resource == mapping.resource && m.api_version() == api_version) return m;
  return plain_error("couldn't find resource for \"" + std::string(api_version.find('/') == std::string::npos ? "/" : "") + api_version + ", Resource=" + mapping.resource + "\"");
}

Result<int> run(Session& s) {
  if (s.words().empty())
    return plain_error("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.");
  if (s.words().size() > 1) return plain_error("We accept only this format: explain RESOURCE");
  std::string format = s.flags.text("output");
  const std::string& word = s.words()[0];
  if (starts_with(word, ".")) return plain_error("invalid jsonpath syntax, first node must be field node");
  auto* discovery = TRY(s.discovery());
  auto found = candidates(*discovery, word.substr(0, word.find('.')));
  if (!found && found.error().code == 0 && starts_with(found.error().message, "the server doesn't have a resource type")) {
    // The one message of this kind that kubectl shows bare.
    s.err << found.error().message << '\n';
    return 1;
  }
  std::vector<Mapping> mappings = TRY(std::move(found));
  const Mapping* chosen = nullptr;
  ExplainRequest request;
  request.path = fields_behind(word, mappings, &chosen);
  Mapping mapping = *chosen;
  if (auto version = s.flags.text("api-version"); !version.empty()) mapping = TRY(in_version(*discovery, mapping, version));
  if (format != "plaintext" && format != "plaintext-openapiv2") return plain_error("unrecognized format: " + format);
  request.group = mapping.group;
  request.version = mapping.version;
  request.kind = mapping.kind;
  request.recursive = s.flags.boolean("recursive");
  const Json* document = TRY(discovery->openapi_v3(mapping.api_version()));
  Explained explained = format == "plaintext" ? explain(*document, request) : explain_old(*document, request);
  s.out << explained.text;
  TRY(std::move(explained.status));
  return 0;
}

// Kinds, then their fields.
std::vector<std::string> complete(Session& s, const std::string& prefix) {
  if (!s.words().empty()) return {};
  auto dot = prefix.rfind('.');
  if (dot == std::string::npos) return complete_resources(s, prefix);
  auto discovery = s.discovery();
  if (!discovery) return {};
  auto mappings = candidates(**discovery, prefix.substr(0, prefix.find('.')));
  if (!mappings) return complete_resources(s, prefix);
  const Mapping* chosen = nullptr;
  ExplainRequest request;
  request.path = fields_behind(prefix.substr(0, dot), *mappings, &chosen);
  request.group = chosen->group;
  request.version = chosen->version;
  request.kind = chosen->kind;
  auto document = (*discovery)->openapi_v3(chosen->api_version());
  if (!document) return {};
  std::vector<std::string> out;
  for (auto& name : field_names(**document, request)) out.push_back(prefix.substr(0, dot + 1) + name);
  return out;
}

}  // namespace

constexpr Command kExplain{
    .use = "explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    .brief = "Get documentation for a resource",
    .text = "Describe the fields of a kind of objects, as the server documents them. Fields are named by their path:\n\n"
            "        <type>.<fieldName>[.<fieldName>]\n\n"
            "Use \"kubectl api-resources\" for the kinds there are.",
    .examples = "  # What a pod consists of\n  kubectl explain pods\n\n"
                "  # One field\n  kubectl explain pods.spec.containers.resources\n\n"
                "  # The names of all fields below one\n  kubectl explain deployment.spec.strategy --recursive\n\n"
                "  # An older version of the same kind\n  kubectl explain hpa --api-version=autoscaling/v1\n",
    .flags = flags,
    .run = run,
    .complete = complete,
};

}  // namespace skerry::kubectl
