#include "agent/network_files.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::agent;

namespace {
Json parse(std::string_view text) { return json::parse_json(text).value(); }
const ClusterDns kDns{{"10.43.0.10"}, "cluster.local"};
}  // namespace

TEST_CASE("resolv.conf follows dnsPolicy and dnsConfig") {
  const std::string host = "nameserver 192.0.2.1\nsearch example.org\noptions edns0\n";
  Json pod = parse(R"({"metadata":{"name":"p","namespace":"ns"},"spec":{"dnsPolicy":"ClusterFirst"}})");
  CHECK(render_resolv_conf(pod, kDns, host) ==
        "search ns.svc.cluster.local svc.cluster.local cluster.local example.org\nnameserver 10.43.0.10\noptions ndots:5\n");
  pod["spec"]["hostNetwork"] = true;
  CHECK(render_resolv_conf(pod, kDns, host) == "search example.org\nnameserver 192.0.2.1\noptions edns0\n");
  pod["spec"]["dnsPolicy"] = "ClusterFirstWithHostNet";
  pod["spec"]["dnsConfig"] = parse(R"({"options":[{"name":"ndots","value":"2"},{"name":"rotate"}]})");
  CHECK(render_resolv_conf(pod, kDns, "") ==
        "search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.43.0.10\noptions ndots:2 rotate\n");
  pod["spec"] = parse(R"({"dnsPolicy":"None","dnsConfig":{"nameservers":["1.1.1.1"],"searches":["a.b"]}})");
  CHECK(render_resolv_conf(pod, kDns, host) == "search a.b\nnameserver 1.1.1.1\n");
}

TEST_CASE("hosts file: pod addresses, subdomain, aliases; host network keeps the host's lines") {
  Json pod = parse(R"({"metadata":{"name":"p","namespace":"ns"},"spec":{"subdomain":"sub","hostAliases":[{"ip":"1.2.3.4","hostnames":["a","b"]}]}})");
  std::string text = render_hosts(pod, {"10.42.0.5"}, "cluster.local", "");
  CHECK(text.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
  CHECK(text.find("\n10.42.0.5\tp.sub.ns.svc.cluster.local\tp\n") != std::string::npos);
  CHECK(text.ends_with("\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n"));
  pod["spec"]["hostNetwork"] = true;
  CHECK(render_hosts(pod, {}, "cluster.local", "9.9.9.9 me\n").starts_with("# Kubernetes-managed hosts file (host network).\n9.9.9.9 me\n"));
}

TEST_CASE("host names are cut to 63 characters and may be fully qualified") {
  Json pod = parse(R"({"metadata":{"name":"p","namespace":"ns"},"spec":{"subdomain":"sub","setHostnameAsFQDN":true}})");
  CHECK(pod_hostname(pod, "cluster.local") == "p.sub.ns.svc.cluster.local");
  pod["spec"].erase("subdomain");
  pod["metadata"]["name"] = std::string(62, 'a') + "-b";
  CHECK(pod_hostname(pod, "cluster.local") == std::string(62, 'a'));
}
