// Registries: mirrors, rewrites, credentials and TLS of image registries, in the format of k3s' registries.yaml.
//
//   mirrors:
//     docker.io:                          # or "registry.example:5000", or "*" for all that are not named
//       endpoint: [https://mirror:5000]   # tried in order, then the registry itself
//       rewrite: {"^library/(.*)": "hub/$1"}   # of repositories at these endpoints, not at the registry itself
//   configs:
//     mirror:5000:                        # a host as it is contacted, or "*"
//       auth: {username: u, password: p}  # or auth: base64 of u:p, or identity_token
//       tls: {ca_file: f, cert_file: f, key_file: f, insecure_skip_verify: false}
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/reference.h"
#include "runtime/runtime.h"

namespace skerry::runtime {

struct RegistryTls {
  std::string ca_file, cert_file, key_file;
  bool insecure_skip_verify = false;
  bool given = false;  // by the configuration, whatever it says
};

struct RegistryConfig {
  RegistryAuth auth;
  RegistryTls tls;
};

struct RegistryMirror {
  std::vector<std::string> endpoints;
  std::vector<std::pair<std::string, std::string>> rewrites;  // pattern, replacement; in the order of the file
};

struct RegistryOptions {
  std::map<std::string, RegistryMirror> mirrors;  // by registry, "*" for all others
  std::map<std::string, RegistryConfig> configs;  // by host, "*" for all others
  std::set<std::string> plain_http;               // registries spoken to in plain HTTP
  bool default_endpoint = true;                   // a registry with mirrors is asked itself when they fail
  int parallel_downloads = 3;
};

// The file's mirrors and configs. Errors name `path` and the line.
Result<RegistryOptions> parse_registries(std::string_view text, const std::string& path);

// Where one image may be had.
struct RegistryEndpoint {
  std::string base;        // "https://mirror:5000/v2": what stands before the repository
  std::string repository;  // rewritten
  std::string host;        // as it is contacted, "mirror:5000"
  std::string ns;          // the registry a mirror is to answer for; empty: not told
  RegistryConfig config;
  bool is_mirror = false;
};
// In the order in which they are to be tried, as k3s and containerd do.
std::vector<RegistryEndpoint> endpoints_of(const RegistryOptions& options, const Reference& reference);

// `text` with what the pattern matches replaced, "$1" and "${1}" being its groups. A POSIX extended regular expression
// with \d, \w and \s. The text itself if it does not match. BadRequest on a malformed pattern.
Result<std::string> rewrite(const std::string& text, const std::string& pattern, const std::string& replacement);

// A registries.yaml that is read again when it has changed. Thread-safe.
class RegistriesFile {
 public:
  // `base`: what does not come from the file. An empty path: there is no file.
  RegistriesFile(std::string path, RegistryOptions base) : path_(std::move(path)), base_(std::move(base)) {}
  // What holds now. A file that was well before stays in force when it is broken (which is logged); one that never was is
  // an error, so that nobody pulls from where he must not. A missing file is an empty one.
  Result<std::shared_ptr<const RegistryOptions>> current();

 private:
  const std::string path_;
  const RegistryOptions base_;
  std::mutex mutex_;  // guards all below
  std::string stamp_;
  std::shared_ptr<const RegistryOptions> known_;
  Status broken_;
};

}  // namespace skerry::runtime
