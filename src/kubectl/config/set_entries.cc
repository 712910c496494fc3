// kubectl config set-cluster and set-context.
#include <sys/stat.h>

#include <cerrno>

#include "base/strings.h"
#include "kubeconfig/paths.h"
#include "kubectl/config/commands.h"
#include "kubectl/config/embed.h"

namespace skerry::kubectl::config {

Status check_file(const std::string& what, const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0) return {};
  return plain_error("could not stat " + what + " file " + path + ": stat " + path + ": " + kubeconfig::go_errno(errno));
}

Status set_file(Json& object, const std::string& key, const std::string& path, bool embed) {
  object.erase(key);
  if (embed) {
    object[key + "-data"] = base64_encode(TRY(kubeconfig::read_named_file(path)));
  } else if (!path.empty()) {
    object[key] = kubeconfig::absolute_path(path, "");
    object.erase(key + "-data");
  }
  return {};
}

void set_text(Json& object, const std::string& key, const std::string& value) {
  if (value.empty()) object.erase(key);
  else object[key] = value;
}

namespace {

using kubeconfig::Config;
using kubeconfig::Paths;

std::vector<Flag> cluster_flags() {
  using enum FlagType;
  return {
      {"certificate-authority", 0, kString, "", "File with the certificates that may sign the server's, for the cluster entry"},
      {"embed-certs", 0, kBool, "false", "Put the file's content into the cluster entry instead of its name", "true"},
      {"insecure-skip-tls-verify", 0, kBool, "false", "insecure-skip-tls-verify of the cluster entry", "true"},
      {"proxy-url", 0, kString, "", "proxy-url of the cluster entry"},
      {"server", 0, kString, "", "server of the cluster entry"},
      {"tls-server-name", 0, kString, "", "tls-server-name of the cluster entry"},
  };
}

Status check_cluster(const Flags& f, const std::string& name) {
  const std::string ca = f.text("certificate-authority");
  if (name.empty()) return plain_error("you must specify a non-empty cluster name");
  if (f.boolean("insecure-skip-tls-verify") && !ca.empty())
    return plain_error("you cannot specify a certificate authority and insecure mode at the same time");
  if (!f.boolean("embed-certs")) return {};
  if (ca.empty()) return plain_error("you must specify a --certificate-authority to embed");
  return check_file("certificate-authority", ca);
}

Status change_cluster(const Flags& f, Json& cluster) {
  if (f.changed("server")) {
    cluster["server"] = f.text("server");
    cluster.erase("tls-server-name");  // it was the other server's
  }
  if (f.changed("tls-server-name")) set_text(cluster, "tls-server-name", f.text("tls-server-name"));
  if (f.changed("insecure-skip-tls-verify")) {
    const bool insecure = f.boolean("insecure-skip-tls-verify");
    cluster["insecure-skip-tls-verify"] = insecure;
    if (insecure) cluster.erase("certificate-authority"), cluster.erase("certificate-authority-data");
  }
  if (f.changed("certificate-authority")) {
    const std::string ca = f.text("certificate-authority");
    TRY(set_file(cluster, "certificate-authority", ca, f.boolean("embed-certs")));
    if (!ca.empty()) cluster.erase("insecure-skip-tls-verify");
  }
  if (f.changed("proxy-url")) set_text(cluster, "proxy-url", f.text("proxy-url"));
  return {};
}

Result<int> set_cluster(Session& s) {
  if (s.words().size() != 1) return wrong_words(s);
  const std::string& name = s.words()[0];
  TRY(check_cluster(s.flags, name));
  TRY(modify_config(s, Paths::kRelative, [&](Config& config) -> Status { return change_cluster(s.flags, config.clusters[name].value); }));
  s.out << "Cluster \"" << name << "\" set.\n";
  return 0;
}

std::vector<Flag> context_flags() {
  using enum FlagType;
  return {
      {"cluster", 0, kString, "", "cluster of the context entry"},
      {"current", 0, kBool, "false", "Change the current context"},
      {"namespace", 'n', kString, "", "namespace of the context entry"},
      {"user", 0, kString, "", "user of the context entry"},
  };
}

Result<int> set_context(Session& s) {
  const Flags& f = s.flags;
  const bool current = f.boolean("current");
  if (s.words().size() > 1) return wrong_words(s);
  std::string name = s.words().empty() ? "" : s.words()[0];
  if (name.empty() && !current) return plain_error("you must specify a non-empty context name or --current");
  if (!name.empty() && current) return plain_error("you cannot specify both a context name and --current");
  bool existed = false;
  TRY(modify_config(s, Paths::kRelative, [&](Config& config) -> Status {
    if (current) name = config.current_context;
    if (name.empty()) return plain_error("no current context is set");
    existed = config.contexts.contains(name);
    Json& context = config.contexts[name].value;
    for (auto key : {"cluster", "user"})
      if (f.changed(key)) context[key] = f.text(key);
    if (f.changed("namespace")) set_text(context, "namespace", f.text("namespace"));
    return {};
  }));
  s.out << "Context \"" << name << "\" " << (existed ? "modified" : "created") << ".\n";
  return 0;
}

}  // namespace

constexpr Command kSetCluster{
    .use = "set-cluster NAME [--server=server] [--certificate-authority=path/to/certificate/authority] [--insecure-skip-tls-verify=true] "
           "[--tls-server-name=example.com] [options]",
    .brief = "Set a cluster entry in kubeconfig",
    .text = "Make a cluster entry, or change the named fields of one that exists.",
    .examples = "  # Where the server is\n  kubectl config set-cluster edge --server=https://10.0.0.1:6443\n\n"
                "  # With its certificate authority inside the kubeconfig\n  kubectl config set-cluster edge --embed-certs --certificate-authority=ca.crt\n\n"
                "  # Through a proxy, under another name\n  kubectl config set-cluster edge --proxy-url=socks5://127.0.0.1:1080 --tls-server-name=edge.example\n",
    .flags = cluster_flags,
    .run = set_cluster,
    .complete = complete_clusters,
};

constexpr Command kSetContext{
    .use = "set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace] [options]",
    .brief = "Set a context entry in kubeconfig",
    .text = "Make a context entry, or change the named fields of one that exists.",
    .examples = "  # Another user for a context\n  kubectl config set-context edge --user=edge-admin\n\n"
                "  # Another namespace from now on\n  kubectl config set-context --current --namespace=web\n",
    .flags = context_flags,
    .run = set_context,
    .complete = complete_contexts,
};

}  // namespace skerry::kubectl::config
