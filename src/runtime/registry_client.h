// RegistryClient: one repository of one registry, over the OCI distribution protocol.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "http/client.h"
#include "runtime/reference.h"
#include "runtime/registries.h"

namespace skerry::runtime {

// Thread-safe.
class RegistryClient {
 public:
  // `tls`: of the endpoint, see load_tls(). `auth`: used when the registry asks for it.
  RegistryClient(const RegistryEndpoint& endpoint, RegistryAuth auth, http::ClientTls tls);

  struct ManifestText {
    std::string text, media_type, digest;
  };
  // Unauthorized and NotFound as the registry says. A manifest asked for by digest is verified.
  Result<ManifestText> manifest(const std::string& selector);
  // A small blob, verified.
  Result<std::string> blob(const std::string& digest, size_t bound);
  // Into `file`, going on after what is there; verified in the end. Blobs that turn out wrong are removed.
  Status download(const std::string& digest, uint64_t size, const std::string& file);

 private:
  Result<http::ClientResponse> get(const std::string& path, const http::Headers& headers, const http::Client::OnHead& on_head,
                                   const http::Client::OnChunk& on_chunk, std::chrono::milliseconds timeout);
  Status authenticate(const std::string& challenge_header, const std::string& authorization_used);
  Result<std::string> fetch_token(const std::map<std::string, std::string>& parameters);
  Error failure(const http::ClientResponse& response, const std::string& what) const;

  const std::string base_, path_, ns_;
  const RegistryAuth auth_;
  http::Client client_;
  std::mutex mutex_;
  std::string authorization_;  // what the registry accepted last; guarded by mutex_
};

// Reads the files that the configuration names; errors name them. A ca_file is trusted beside the system's authorities,
// because what registries redirect to is often signed by those.
Result<http::ClientTls> load_tls(const RegistryTls& tls);

}  // namespace skerry::runtime
