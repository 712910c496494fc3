// Zone: the cluster's names, as the Kubernetes DNS specification 1.1.0 asks, from Services and EndpointSlices.
//
//   <service>.<ns>.svc.<zone>                    A: cluster IP, or the ready endpoints of a headless Service; CNAME
//   _<port>._<proto>.<service>.<ns>.svc.<zone>   SRV
//   <endpoint>.<service>.<ns>.svc.<zone>         A of one endpoint (its hostname, or its dashed address)
//   <a-b-c-d>.<ns>.pod.<zone>                    A
//   dns-version.<zone>                           TXT
//   <d.c.b.a>.in-addr.arpa                       PTR of cluster IPs and endpoints
//
// Fed by object handlers, kept as small records, not as objects. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "client/object_source.h"
#include "dns/message.h"

namespace skerry::dns {

class Zone {
 public:
  explicit Zone(std::string domain);  // "cluster.local"

  // Subscribes to both; before they are started.
  void follow(client::ObjectSource& services, client::ObjectSource& endpoint_slices);
  void set_service(const std::string& key, const Json* service);       // null: gone
  void set_slice(const std::string& key, const Json* endpoint_slice);  // null: gone

  // The answer if the name is this zone's (also NXDOMAIN and empty answers); nothing if it must be asked upstream. Who
  // asks for the address of an external name gets also that of the name it stands for, as resolvers in pods do not ask
  // again: from the zone, or `goes_on_with` says what to ask upstream.
  std::optional<Answer> resolve(const Question& question) const;

 private:
  struct Port {
    std::string name, protocol;  // protocol lower case
    uint16_t number = 0;
  };
  struct Service {
    std::vector<std::string> ips;  // none: headless
    std::string external_name;
    bool headless = false, publish_not_ready = false;
    std::vector<Port> ports;
  };
  struct Endpoint {
    std::string ip, hostname;
    bool ready = true;
  };
  struct Slice {
    std::string service;  // "ns/name"
    std::vector<Endpoint> endpoints;
    std::vector<Port> ports;
  };

  std::optional<Answer> find(const Question& question) const;
  Answer nothing() const;   // exists, but not with this type
  Answer no_such_name() const;
  Answer service_answer(const Question& q, const std::string& ns, const std::vector<std::string_view>& left) const;
  Answer reverse_answer(const Question& q, const std::string& ip, bool& ours) const;
  std::vector<std::pair<const Slice*, const Endpoint*>> endpoints_of(const std::string& key, const Service& service) const;
  std::string endpoint_label(const Endpoint& e) const;

  const std::string domain_;
  mutable std::shared_mutex mutex_;  // guards all below
  std::map<std::string, Service> services_;
  std::map<std::string, Slice> slices_;
  std::multimap<std::string, std::string> slices_of_;  // service key -> slice key
};

}  // namespace skerry::dns
