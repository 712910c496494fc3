// kubectl config view.
#include "base/strings.h"
#include "json/yaml.h"
#include "kubeconfig/loader.h"
#include "kubeconfig/paths.h"
#include "kubectl/config/commands.h"
#include "kubectl/printing.h"

namespace skerry::kubectl::config {

namespace {

using kubeconfig::Config;
using kubeconfig::Entries;

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"allow-missing-template-keys", 0, kBool, "true", "Ignore fields and keys that a template names and an object does not have."},
      {"flatten", 0, kBool, "false", "Put the contents of files in place of their names, so that the output stands alone."},
      {"merge", 0, kBool, "true", "Show what all kubeconfig files say together.", "true"},
      {"minify", 0, kBool, "false", "Show only what the current context uses."},
      {"output", 'o', kString, "yaml",
       "Output format. One of: (json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file)."},
      {"raw", 0, kBool, "false", "Show secrets and the content of certificates."},
      {"show-managed-fields", 0, kBool, "false", "Keep managedFields in JSON and YAML."},
      {"template", 0, kString, "", "The template, or the file it is in, for -o=go-template and -o=go-template-file."},
  };
}

// Keeps one entry. Error: `cannot locate cluster x`.
Status keep_only(Entries& entries, const std::string& name, std::string_view what) {
  auto found = entries.find(name);
  if (found == entries.end()) return plain_error("cannot locate " + std::string(what) + " " + name);
  Entries kept = {{found->first, found->second}};
  entries = std::move(kept);
  return {};
}

Status flatten_entry(kubeconfig::Entry& entry, const std::string& key) {
  const std::string path = json::str(entry.value, key);
  if (path.empty()) return {};
  const std::string full = kubeconfig::absolute_path(path, entry.origin.empty() ? "" : kubeconfig::folder_of(entry.origin));
  entry.value[key + "-data"] = base64_encode(TRY(kubeconfig::read_named_file(full)));
  entry.value.erase(key);
  return {};
}

void hide(kubeconfig::Entry& entry, const char* key, const char* text) {
  if (!json::str(entry.value, key).empty()) entry.value[key] = text;
}

Result<int> run(Session& s) {
  const Flags& f = s.flags;
  if (!s.words().empty()) return usage_error("unexpected arguments: [" + join(s.words(), " ") + "]");
  output::OutputFlags output = output_flags_of(s);
  if (output.output.empty()) output.output = "yaml";
  if (!f.boolean("merge") && f.text("kubeconfig").empty()) return plain_error("if merge==false a precise file must be specified");
  auto format = TRY(output::parse_output_format(output, {}));
  Config config = TRY(read_config(s));
  if (f.boolean("minify")) TRY(minify(config, f.text("context")));
  if (f.boolean("flatten")) TRY(flatten(config));
  else if (!f.boolean("raw")) redact(config);
  if (format.format == output::Format::kName) {
    s.out << "config/<unknown>\n";
  } else if (format.format == output::Format::kJson) {
    s.out << kubeconfig::dump_config_json(config);  // the fields in kubectl's order
  } else {
    auto printer = TRY(output::make_printer(format, output, template_reader(s)));
    TRY(printer->print(kubeconfig::to_json(config, false), s.out));
  }
  return 0;
}

}  // namespace

Status minify(Config& config, const std::string& context) {
  if (!context.empty()) config.current_context = context;
  if (config.current_context.empty()) return plain_error("current-context must exist in order to minify");
  TRY(keep_only(config.contexts, config.current_context, "context"));
  const Json used = config.contexts.begin()->second.value;
  const std::string cluster = json::str(used, "cluster"), user = json::str(used, "user");
  if (cluster.empty()) config.clusters.clear();
  if (user.empty()) config.users.clear();
  else TRY(keep_only(config.users, user, "user"));
  if (!cluster.empty()) TRY(keep_only(config.clusters, cluster, "cluster"));
  return {};
}

Status flatten(Config& config) {
  for (auto& [name, user] : config.users) {
    TRY(flatten_entry(user, "client-certificate"));
    TRY(flatten_entry(user, "client-key"));
  }
  for (auto& [name, cluster] : config.clusters) TRY(flatten_entry(cluster, "certificate-authority"));
  return {};
}

void redact(Config& config) {
  for (auto& [name, user] : config.users) {
    hide(user, "client-certificate-data", "DATA+OMITTED");
    hide(user, "client-key-data", "DATA+OMITTED");
    hide(user, "token", "REDACTED");
    hide(user, "password", "REDACTED");
  }
  for (auto& [name, cluster] : config.clusters) hide(cluster, "certificate-authority-data", "DATA+OMITTED");
}

constexpr Command kView{
    .use = "view [flags] [options]",
    .brief = "Display merged kubeconfig settings or a specified kubeconfig file",
    .text = "Show what the kubeconfig files say together, or what the file named by --kubeconfig says. Secrets are left out unless --raw is given.",
    .examples = "  # Everything but secrets\n  kubectl config view\n\n"
                "  # What the current context uses, in one piece, for another machine\n  kubectl config view --minify --flatten\n\n"
                "  # One value\n  kubectl config view --raw -o jsonpath='{.users[?(@.name == \"admin\")].user.token}'\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl::config
