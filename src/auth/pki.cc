#include "auth/pki.h"

#include <arpa/inet.h>

#include <filesystem>

#include "base/strings.h"

namespace skerry::auth {
namespace {

bool is_ip(const std::string& text) {
  unsigned char address[16];
  return inet_pton(AF_INET, text.c_str(), address) == 1 || inet_pton(AF_INET6, text.c_str(), address) == 1;
}

void add_name(CertificateSpec& spec, const std::string& name) {
  auto& names = is_ip(name) ? spec.ips : spec.dns_names;
  for (const auto& n : names)
    if (n == name) return;
  if (!name.empty()) names.push_back(name);
}

CertificateSpec serving_spec(const PkiOptions& options) {
  CertificateSpec spec;
  spec.common_name = "skerry";
  spec.organizations = {"skerry"};
  spec.server = true;
  spec.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
                    "kubernetes.default.svc." + options.cluster_domain};
  spec.ips = {"127.0.0.1", "::1"};
  add_name(spec, options.service_ip);
  for (const auto& san : options.tls_sans) add_name(spec, san);
  return spec;
}

CertificateSpec client_spec(const std::string& user, const std::vector<std::string>& groups) {
  CertificateSpec spec;
  spec.common_name = user;
  spec.organizations = groups;
  spec.client = true;
  return spec;
}

}  // namespace

Result<Pki> Pki::open(const PkiOptions& options, const Clock& clock) {
  std::error_code ec;
  std::filesystem::create_directories(options.dir, ec);
  if (ec) return internal_error("making " + options.dir + ": " + ec.message());
  std::filesystem::permissions(options.dir, std::filesystem::perms::owner_all, ec);
  const std::string dir = options.dir + "/";
  Pki pki(TRY(Authority::load_or_create(dir + "server-ca", "skerry-server-ca", clock)),
          TRY(Authority::load_or_create(dir + "client-ca", "skerry-client-ca", clock)));
  pki.serving_ = TRY(pki.server_ca_.load_or_issue(dir + "serving-kube-apiserver", serving_spec(options), clock));
  pki.kubelet_client_ = TRY(pki.client_ca_.load_or_issue(
      dir + "client-kube-apiserver", client_spec("kube-apiserver-kubelet-client", {"system:masters"}), clock));
  pki.admin_ = TRY(pki.client_ca_.load_or_issue(dir + "client-admin", client_spec("system:admin", {"system:masters"}), clock));
  pki.token_key_pem_ = TRY(load_or_create_private_key(dir + "service.key"));
  return pki;
}

Result<KeyPair> Pki::issue_node_client(const std::string& node, const Clock& clock) const {
  return client_ca_.issue(client_spec("system:node:" + node, {"system:nodes"}), clock);
}

Result<KeyPair> Pki::issue_node_serving(const std::string& node, const std::vector<std::string>& addresses,
                                        const Clock& clock) const {
  CertificateSpec spec;
  spec.common_name = "system:node:" + node;
  spec.organizations = {"system:nodes"};
  spec.server = true;
  spec.dns_names = {"localhost"};
  spec.ips = {"127.0.0.1"};
  add_name(spec, node);
  for (const auto& address : addresses) add_name(spec, address);
  return server_ca_.issue(spec, clock);
}

Result<KeyPair> Pki::issue_client(const std::string& user, const std::vector<std::string>& groups, const Clock& clock) const {
  return client_ca_.issue(client_spec(user, groups), clock);
}

std::string make_kubeconfig(const std::string& server_url, const std::string& ca_pem, const KeyPair& client,
                            const std::string& name) {
  return "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: " + base64_encode(ca_pem) +
         "\n    server: " + server_url + "\n  name: " + name + "\ncontexts:\n- context:\n    cluster: " + name +
         "\n    user: " + name + "\n  name: " + name + "\ncurrent-context: " + name + "\npreferences: {}\nusers:\n- name: " +
         name + "\n  user:\n    client-certificate-data: " + base64_encode(client.cert_pem) +
         "\n    client-key-data: " + base64_encode(client.key_pem) + "\n";
}

}  // namespace skerry::auth
