#include "agent/network_files.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::agent {
namespace {

struct ResolvConf {
  std::vector<std::string> servers, searches, options;
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) ++at;
    size_t end = at;
    while (end < text.size() && text[end] != ' ' && text[end] != '\t' && text[end] != '\r') ++end;
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return out;
}

ResolvConf parse(const std::string& file) {
  ResolvConf conf;
  for (auto line : split(file, '\n')) {
    auto w = words(line);
    if (w.size() < 2) continue;
    if (w[0] == "nameserver") conf.servers.push_back(w[1]);
    else if (w[0] == "search") conf.searches.assign(w.begin() + 1, w.end());
    else if (w[0] == "options") conf.options.insert(conf.options.end(), w.begin() + 1, w.end());
  }
  return conf;
}

void add_unique(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

std::string pod_fqdn(const Json& pod, const std::string& domain) {
  const std::string subdomain = json::str(pod, {"spec", "subdomain"});
  if (subdomain.empty()) return "";
  const std::string host = json::str(pod, {"spec", "hostname"}, json::str(pod, {"metadata", "name"}));
  return host + "." + subdomain + "." + json::str(pod, {"metadata", "namespace"}) + ".svc." + domain;
}

std::string pod_hostname(const Json& pod, const std::string& domain) {
  if (auto fixed = json::str(pod, {"spec", "hostnameOverride"}); !fixed.empty()) return fixed;
  std::string name = json::str(pod, {"spec", "hostname"}, json::str(pod, {"metadata", "name"}));
  if (json::boolean(pod, {"spec", "setHostnameAsFQDN"}))
    if (auto fqdn = pod_fqdn(pod, domain); !fqdn.empty() && fqdn.size() <= 64) return fqdn;
  if (name.size() > 63) {
    name.resize(63);
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  }
  return name;
}

std::string render_hosts(const Json& pod, const std::vector<std::string>& pod_ips, const std::string& domain,
                         const std::string& host_file) {
  std::string out;
  if (json::boolean(pod, {"spec", "hostNetwork"})) {
    out = "# Kubernetes-managed hosts file (host network).\n" + host_file;
    if (!out.ends_with('\n')) out += '\n';
  } else {
    out =
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n";
    const std::string fqdn = pod_fqdn(pod, domain);
    std::string host = json::str(pod, {"spec", "hostname"}, json::str(pod, {"metadata", "name"}));
    if (auto fixed = json::str(pod, {"spec", "hostnameOverride"}); !fixed.empty()) host = fixed;
    for (auto& ip : pod_ips) out += ip + "\t" + (fqdn.empty() ? host : fqdn + "\t" + host) + "\n";
  }
  const Json& aliases = json::array_or_empty(json::find(pod, {"spec", "hostAliases"}));
  if (!aliases.empty()) {
    out += "\n# Entries added by HostAliases.\n";
    for (auto& a : aliases) {
      out += json::str(a, "ip");
      for (auto& h : json::array_or_empty(json::find(a, "hostnames")))
        if (h.is_string()) out += "\t" + h.get<std::string>();
      out += "\n";
    }
  }
  return out;
}

std::string render_resolv_conf(const Json& pod, const ClusterDns& dns, const std::string& host_file) {
  std::string policy = json::str(pod, {"spec", "dnsPolicy"}, "ClusterFirst");
  if (policy == "ClusterFirst" && json::boolean(pod, {"spec", "hostNetwork"})) policy = "Default";
  if (policy.starts_with("ClusterFirst") && dns.servers.empty()) policy = "Default";
  ResolvConf conf;
  if (policy == "Default") {
    conf = parse(host_file);
  } else if (policy != "None") {
    const std::string ns = json::str(pod, {"metadata", "namespace"});
    conf.servers = dns.servers;
    conf.searches = {ns + ".svc." + dns.domain, "svc." + dns.domain, dns.domain};
    for (auto& s : parse(host_file).searches)
      if (s != ".") add_unique(conf.searches, s);
    conf.options = {"ndots:5"};
  }
  const Json& config = json::find(pod, {"spec", "dnsConfig"});
  for (auto& s : json::array_or_empty(json::find(config, "nameservers")))
    if (s.is_string()) add_unique(conf.servers, s.get<std::string>());
  for (auto& s : json::array_or_empty(json::find(config, "searches")))
    if (s.is_string()) add_unique(conf.searches, s.get<std::string>());
  for (auto& o : json::array_or_empty(json::find(config, "options"))) {
    const std::string name = json::str(o, "name"), value = json::str(o, "value");
    std::erase_if(conf.options, [&](auto& x) { return x == name || x.starts_with(name + ":"); });
    conf.options.push_back(value.empty() ? name : name + ":" + value);
  }
  if (conf.servers.size() > 3) conf.servers.resize(3);  // what resolvers read
  std::string out;
  if (!conf.searches.empty()) out += "search " + join(conf.searches, " ") + "\n";
  for (auto& s : conf.servers) out += "nameserver " + s + "\n";
  if (!conf.options.empty()) out += "options " + join(conf.options, " ") + "\n";
  return out;
}

}  // namespace skerry::agent
