// kubectl kustomize.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "base/strings.h"
#include "kubectl/read/commands.h"
#include "kubectl/session.h"
#include "kubectl/sources.h"
#include "kustomize/kustomize.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"as-current-user", 0, kBool, "false", "use the uid and gid of the command executor to run the function in the container"},
      {"enable-alpha-plugins", 0, kBool, "false", "enable kustomize plugins"},
      {"enable-helm", 0, kBool, "false", "Enable use of the Helm chart inflator generator."},
      {"env", 'e', kStrings, "", "a list of environment variables to be used by functions"},
      {"helm-api-versions", 0, kStrings, "", "Kubernetes api versions used by Helm for Capabilities.APIVersions"},
      {"helm-command", 0, kString, "helm", "helm command (path to executable)"},
      {"helm-debug", 0, kBool, "false", "Enable debug output from the Helm chart inflator generator."},
      {"helm-kube-version", 0, kString, "", "Kubernetes version used by Helm for Capabilities.KubeVersion"},
      {"load-restrictor", 0, kString, "LoadRestrictionsRootOnly",
       "if set to 'LoadRestrictionsNone', local kustomizations may load files from outside their root. This does, however, break the "
       "relocatability of the kustomization."},
      {"mount", 0, kStrings, "", "a list of storage options read from the filesystem"},
      {"network", 0, kBool, "false", "enable network access for functions that declare it"},
      {"network-name", 0, kString, "bridge", "the docker network to run the container in"},
      {"output", 'o', kString, "", "If specified, write output to this path."},
  };
}

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return plain_error("open " + path + ": " + to_lower(std::strerror(errno)));
  return {};
}

// "apps_v1_deployment_web.yaml", with the namespace before it where there are several.
Status write_files(const std::string& folder, const std::vector<Json>& resources) {
  std::set<std::string> namespaces;
  for (const auto& r : resources) namespaces.insert(json::str(r, {"metadata", "namespace"}, "default"));
  for (const auto& r : resources) {
    std::string version = json::str(r, "apiVersion");
    for (char& c : version)
      if (c == '/') c = '_';
    std::string name = version + "_" + json::str(r, "kind") + "_" + json::str(r, {"metadata", "name"}) + ".yaml";
    if (namespaces.size() > 1 && r["metadata"].contains("namespace")) name = json::str(r, {"metadata", "namespace"}) + "_" + name;
    for (char& c : name)
      if (c == '/') c = '_';
    TRY(write_file(folder + "/" + to_lower(name), kustomize::to_yaml({r})));
  }
  return {};
}

Result<int> run(Session& s) {
  if (s.words().size() > 1) return plain_error("specify one path to kustomization.yaml");
  std::string restrictor = s.flags.text("load-restrictor");
  if (restrictor != "LoadRestrictionsRootOnly" && restrictor != "LoadRestrictionsNone")
    return plain_error("illegal flag value --load-restrictor " + restrictor + "; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]");
  kustomize::Options options;
  options.load_restrictions = restrictor == "LoadRestrictionsRootOnly";
  options.warn = [&](const std::string& warning) { s.err << warning << std::endl; };
  auto files = client_files();
  auto built = kustomize::build_output(*files, s.words().empty() ? "." : s.words()[0], options);
  if (!built) return plain_error(built.error().message);
  std::string output = s.flags.text("output");
  if (output.empty()) {
    s.out << kustomize::to_yaml(built->resources) << std::flush;
    return 0;
  }
  struct stat st{};
  if (::stat(output.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) TRY(write_files(output, built->resources));
  else TRY(write_file(output, kustomize::to_yaml(built->resources)));
  return 0;
}

}  // namespace

const Command kKustomize{
    .use = "kustomize DIR",
    .brief = "Build a kustomization target from a directory or URL",
    .text = "Build a set of KRM resources using a 'kustomization.yaml' file. The DIR argument must be a path to a directory containing "
            "'kustomization.yaml'. If DIR is omitted, '.' is assumed. Git repositories, Helm charts and plugins that are programs or "
            "containers are not supported.",
    .examples = "  # Build the current working directory\n"
                "  kubectl kustomize\n"
                "  \n"
                "  # Build some shared configuration directory\n"
                "  kubectl kustomize /home/config/production",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
