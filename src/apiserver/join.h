// Join: what a machine needs to become a node, for its join token.
//
//   GET  /cacerts               anonymous: the server authority, PEM; its SHA-256 is in the join token
//   GET  /ping                  anonymous: "pong"
//   GET  /v1-skerry/config      a join token or a node's certificate: {"clusterCIDR", "serviceCIDR", "clusterDNS",
//                               "clusterDomain", "version"}
//   POST /v1-skerry/join        a join token ("Authorization: Bearer K10...::node:secret", or Basic node:secret)
//        {"nodeName": "n1", "nodePassword": "<secret the machine keeps>", "addresses": ["10.0.0.2"]}
//     -> {"clientCertificate", "clientKey", "servingCertificate", "servingKey", "serverCA", "clientCA", "config"}, all PEM
//     A name whose password is another's: 403. The server keeps a salted hash in the Secret
//     kube-system/<name>.node-password.skerry; deleting it frees the name.
//     A node's own certificate may ask again for the same name (renewal), without a password.
#pragma once

#include <string>

#include "api/request.h"
#include "apiserver/pipeline.h"
#include "apiserver/server.h"
#include "auth/pki.h"

namespace skerry::apiserver {

class Join {
 public:
  Join(Pipeline& pipeline, const auth::Pki& pki, ClusterConfig config, std::string version, const Clock& clock, Random& random)
      : pipeline_(pipeline), pki_(pki), config_(std::move(config)), version_(std::move(version)), clock_(clock), random_(random) {}

  Result<Json> config(const api::UserInfo& user) const;
  Result<Json> join(const api::UserInfo& user, const Json& body);

 private:
  Status check_password(const std::string& node, const std::string& password);
  Json config_json() const;

  Pipeline& pipeline_;
  const auth::Pki& pki_;
  const ClusterConfig config_;
  const std::string version_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace skerry::apiserver
