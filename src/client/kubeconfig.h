// Kubeconfig: what a file of clusters, users and contexts says about how to reach a server.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/remote_client.h"

namespace skerry::client {

struct Kubeconfig {
  std::string server;
  http::ClientTls tls;
  std::string bearer_token;
  std::string ns;  // the context's; empty: none given

  RemoteOptions remote_options() const;
};

// The entry of `context`, or of current-context. Files named in it are read, relative ones from `folder`.
// BadRequest where something is missing, or where it asks for what we do not do (exec plugins, auth providers).
Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& folder = "",
                                    std::string_view context = "");
Result<Kubeconfig> load_kubeconfig(const std::string& path, std::string_view context = "");

}  // namespace skerry::client
