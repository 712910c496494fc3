// create configmap and create secret.
#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/strings.h"
#include "kubectl/create/generator.h"
#include "kubectl/objects.h"
#include "kubectl/sources.h"
#include "kubectl/values.h"
#include "kustomize/kustomize.h"
#include "output/go_format.h"
#include "output/json_text.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kConfigMapText =
    "Create a config map from files, folders, literal values and files of environment variables. The key of a file is its name unless "
    "--from-file=key=path says otherwise; of a folder every regular file whose name can be a key is taken.";

// What is wrong with a key, as Kubernetes says it; empty: nothing.
std::string key_trouble(std::string_view key) {
  std::vector<std::string> out;
  if (key.size() > 253) out.push_back("must be no more than 253 characters");
  if (key.empty() || !std::all_of(key.begin(), key.end(), [](unsigned char c) { return isalnum(c) || c == '-' || c == '_' || c == '.'; }))
    out.push_back("a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                  "'[-._a-zA-Z0-9]+')");
  if (key == "." || key == "..") out.push_back("must not be '" + std::string(key) + "'");
  else if (starts_with(key, "..")) out.push_back("must not start with '..'");
  return join(out, ",");
}

// A string survives JSON only if it is UTF-8.
bool is_utf8(const std::string& text) {
  auto read = json::parse_json(json::dump(Json(text)));
  return read && *read == Json(text);
}

class Data {
 public:
  // `file_key`: of a file for which --from-file names none; empty: the file's name.
  Data(Session& s, std::string kind, std::string name, std::string file_key = "")
      : s_(s), kind_(std::move(kind)), name_(std::move(name)), file_key_(std::move(file_key)) {}
  std::map<std::string, std::string> values;

  Status read() {
    for (auto& entry : s_.flags.list("from-file")) TRY(from_file(entry));
    if (!s_.flags.has("from-literal")) return {};
    for (auto& entry : s_.flags.list("from-literal")) {
      auto eq = entry.find('=');
      if (eq == std::string::npos) return plain_error("invalid literal source " + entry + ", expected key=value");
      if (eq == 0) return plain_error("invalid literal source " + entry + ", expected key=value");
      std::string value = entry.substr(eq + 1);
      TRY(add(entry.substr(0, eq), value));
    }
    for (auto& path : s_.flags.list("from-env-file")) TRY(from_env_file(path));
    return {};
  }

  Status add(const std::string& key, std::string value) {
    if (auto trouble = key_trouble(key); !trouble.empty())
      return plain_error(output::go_quote(key) + (kind_ == "Secret" ? " is not valid key name for a Secret " : " is not a valid key name for a ConfigMap: ") + trouble);
    if (!values.emplace(key, std::move(value)).second)  // the one that was there stays
      return plain_error(kind_ == "Secret" ? "cannot add key " + key + ", another key by that name already exists"
                                           : "cannot add key \"" + key + "\", another key by that name already exists in " + (is_utf8(values[key]) ? "Data" : "BinaryData") + " for " + kind_ + " \"" + name_ + "\"");
    return {};
  }

 private:
  Status from_file(const std::string& entry) {
    auto eq = entry.find('=');
    if (std::count(entry.begin(), entry.end(), '=') > 1) return plain_error("key names or file paths cannot contain '='");
    std::string key, path = entry;
    if (eq != std::string::npos) {
      if (eq == 0) return plain_error("key name for file path " + entry.substr(1) + " missing");
      if (eq + 1 == entry.size()) return plain_error("file path for key name " + entry.substr(0, eq) + " missing");
      key = entry.substr(0, eq);
      path = entry.substr(eq + 1);
    }
    struct stat st;
    if (::stat(path.c_str(), &st) != 0) return plain_error("error reading " + path + ": no such file or directory");
    if (S_ISDIR(st.st_mode)) {
      if (!key.empty()) return plain_error("cannot give a key name for a directory path");
      std::vector<std::string> names;
      std::error_code ec;
      for (auto& e : std::filesystem::directory_iterator(path, ec))
        if (e.is_regular_file(ec) && !e.is_symlink(ec)) names.push_back(e.path().filename());
      std::sort(names.begin(), names.end());
      for (auto& name : names) {
        auto text = TRY(read_text(path + "/" + name, s_.in));
        TRY(add(name, std::move(text)));
      }
      return {};
    }
    auto text = TRY(read_text(path, s_.in));
    if (key.empty()) key = file_key_.empty() ? std::filesystem::path(path).filename().string() : file_key_;
    return add(key, std::move(text));
  }

  Status from_env_file(const std::string& path) {
    struct stat st;
    if (::stat(path.c_str(), &st) != 0) return plain_error("error reading " + path + ": no such file or directory");
    if (S_ISDIR(st.st_mode)) return plain_error("env config file cannot be a directory");
    auto text = TRY(read_text(path, s_.in));
    if (starts_with(text, "\xef\xbb\xbf")) text.erase(0, 3);
    for (auto raw : split(text, '\n')) {
      std::string_view line = raw;
      while (!line.empty() && isspace(static_cast<unsigned char>(line.front()))) line.remove_prefix(1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.empty() || line[0] == '#') continue;
      auto eq = line.find('=');
      std::string key(line.substr(0, eq));
      if (auto trouble = env_name_trouble(key); !trouble.empty()) return plain_error(output::go_quote(key) + " is not a valid key name: " + trouble);
      if (eq != std::string_view::npos) {
        TRY(add(key, std::string(line.substr(eq + 1))));
      } else {
        const char* value = std::getenv(key.c_str());
        TRY(add(key, value ? value : ""));
      }
    }
    return {};
  }

  Session& s_;
  std::string kind_, name_, file_key_;
};

std::vector<Flag> data_flags() {
  using enum FlagType;
  return {
      {"append-hash", 0, kBool, "false", "Append a hash of the object to its name."},
      {"from-env-file", 0, kStrings, "", "Specify the path to a file to read lines of key=val pairs to create it from."},
      {"from-file", 0, kStrings, "",
       "Key file can be specified using its file path, in which case file basename will be used as key, or optionally with a key and file path, in which case the "
       "given key will be used. Specifying a directory will iterate each named file in the directory whose basename is a valid key."},
      {"from-literal", 0, kArray, "", "Specify a key and literal value to insert (i.e. mykey=somevalue)"},
  };
}

Status check_sources(Session& s) {
  if (!s.flags.list("from-env-file").empty() && (!s.flags.list("from-file").empty() || !s.flags.list("from-literal").empty()))
    return plain_error("from-env-file cannot be combined with from-file or from-literal");
  return {};
}

// ---- configmap ----

Result<int> run_configmap(Session& s) {
  auto name = TRY(one_name(s));
  TRY(check_sources(s));
  Data data(s, "ConfigMap", name);
  TRY(data.read());
  Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}};
  for (auto& [key, value] : data.values) {
    // What is no UTF-8 goes to binaryData.
    if (is_utf8(value)) object["data"][key] = value;
    else object["binaryData"][key] = base64_encode(value);
  }
  if (s.flags.boolean("append-hash")) object["metadata"]["name"] = name + "-" + kustomize::content_hash(object);
  return create_generated(s, mapping_of("v1", "configmaps", "ConfigMap", true), std::move(object), "failed to create configmap: ");
}

// ---- secrets ----

Result<int> finish_secret(Session& s, const std::string& name, const std::string& type, const std::map<std::string, std::string>& values) {
  Json object = {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}}}};
  if (!type.empty()) object["type"] = type;
  for (auto& [key, value] : values) object["data"][key] = base64_encode(value);
  if (s.flags.boolean("append-hash")) object["metadata"]["name"] = name + "-" + kustomize::content_hash(object);
  return create_generated(s, mapping_of("v1", "secrets", "Secret", true), std::move(object), "failed to create secret ");
}

std::vector<Flag> generic_flags() {
  return std::vector<Flag>{{"type", 0, FlagType::kString, "", "The type of secret to create"}} + data_flags() + generator_flags();
}
Result<int> run_generic(Session& s) {
  auto name = TRY(one_name(s));
  TRY(check_sources(s));
  Data data(s, "Secret", name);
  TRY(data.read());
  return finish_secret(s, name, s.flags.text("type"), data.values);
}

std::vector<Flag> tls_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"append-hash", 0, kBool, "false", "Append a hash of the secret to its name."},
             {"cert", 0, kString, "", "Path to PEM encoded public key certificate."},
             {"key", 0, kString, "", "Path to private key associated with given certificate."},
         } +
         generator_flags();
}
Result<int> run_tls(Session& s) {
  auto name = TRY(one_name(s));
  if (s.flags.text("key").empty() || s.flags.text("cert").empty()) return plain_error("key and cert must be specified");
  auto read = [&](const char* flag) -> Result<std::string> {
    std::string path = s.flags.text(flag);
    auto text = read_text(path, s.in);
    if (!text) return plain_error("Cannot read file " + path + ", open " + path + ": no such file or directory");
    return text;
  };
  auto cert = TRY(read("cert"));
  auto key = TRY(read("key"));
  bool certificate = cert.find("-----BEGIN CERTIFICATE-----") != std::string::npos;
  if (!certificate && cert.find("PRIVATE KEY-----") != std::string::npos)
    return plain_error("tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched");
  if (certificate && key.find("-----BEGIN CERTIFICATE-----") != std::string::npos && key.find("PRIVATE KEY-----") == std::string::npos)
    return plain_error("tls: found a certificate rather than a key in the PEM for the private key");
  if (!certificate) return plain_error("tls: failed to find any PEM data in certificate input");
  if (key.find("PRIVATE KEY-----") == std::string::npos) return plain_error("tls: failed to find any PEM data in key input");
  return finish_secret(s, name, "kubernetes.io/tls", {{"tls.crt", cert}, {"tls.key", key}});
}

std::vector<Flag> registry_flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"append-hash", 0, kBool, "false", "Append a hash of the secret to its name."},
             {"docker-email", 0, kString, "", "Email for Docker registry"},
             {"docker-password", 0, kString, "", "Password for Docker registry authentication"},
             {"docker-server", 0, kString, "https://index.docker.io/v1/", "Server location for Docker registry"},
             {"docker-username", 0, kString, "", "Username for Docker registry authentication"},
             {"from-file", 0, kStrings, "", "Key files can be specified using their file path; .dockerconfigjson is the only key."},
         } +
         generator_flags();
}
Result<int> run_registry(Session& s) {
  auto name = TRY(one_name(s));
  std::map<std::string, std::string> values;
  if (!s.flags.list("from-file").empty()) {
    Data data(s, "Secret", name, ".dockerconfigjson");
    TRY(data.read());
    values = std::move(data.values);
  } else {
    std::string user = s.flags.text("docker-username"), password = s.flags.text("docker-password"), email = s.flags.text("docker-email");
    if (user.empty() || password.empty() || s.flags.text("docker-server").empty())
      return plain_error("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required");
    // The order of fields is that of Docker's own files.
    output::OrderedJson entry = {{"username", user}, {"password", password}};
    if (!email.empty()) entry["email"] = email;
    entry["auth"] = base64_encode(user + ":" + password);
    output::OrderedJson config;
    config["auths"][s.flags.text("docker-server")] = entry;
    values[".dockerconfigjson"] = output::dump_json(config, -1);
  }
  return finish_secret(s, name, "kubernetes.io/dockerconfigjson", values);
}

constexpr Command kGeneric{
    .use = "generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    .brief = "Create a secret from a local file, directory, or literal value",
    .examples = "  # From literals\n  kubectl create secret generic login --from-literal=user=anna --from-literal=password=s3cret\n\n"
                "  # From files\n  kubectl create secret generic keys --from-file=id=./id_ed25519\n",
    .flags = generic_flags,
    .run = run_generic,
};
constexpr Command kTls{
    .use = "tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    .brief = "Create a TLS secret",
    .examples = "  # From a certificate and its key\n  kubectl create secret tls web --cert=web.crt --key=web.key\n",
    .flags = tls_flags,
    .run = run_tls,
};
constexpr Command kRegistry{
    .use = "docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] "
           "[--dry-run=server|client|none]",
    .brief = "Create a secret for use with a Docker registry",
    .examples = "  # For pulling images\n  kubectl create secret docker-registry pull --docker-server=registry.example --docker-username=u --docker-password=p\n",
    .flags = registry_flags,
    .run = run_registry,
};
constexpr const Command* kSecretChildren[] = {&kRegistry, &kGeneric, &kTls};
constexpr std::string_view kConfigMapAliases[] = {"cm"};

std::vector<Flag> configmap_flags() { return data_flags() + generator_flags(); }

}  // namespace

constexpr Command kCreateConfigMap{
    .use = "configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    .brief = "Create a config map from a local file, directory or literal value",
    .text = kConfigMapText,
    .examples = "  # A folder\n  kubectl create configmap settings --from-file=conf.d\n\n  # Literals\n  kubectl create configmap settings --from-literal=color=blue\n\n"
                "  # A file of environment variables\n  kubectl create configmap settings --from-env-file=web.env\n",
    .flags = configmap_flags,
    .run = run_configmap,
    .aliases = kConfigMapAliases,
};
constexpr Command kCreateSecret{
    .use = "secret (docker-registry | generic | tls)",
    .brief = "Create a secret using a specified subcommand",
    .text = "Create a secret: credentials of a registry, a TLS certificate with its key, or anything else from files and literals.",
    .examples = "  kubectl create secret generic login --from-literal=user=anna\n",
    .children = kSecretChildren,
};

}  // namespace skerry::kubectl
