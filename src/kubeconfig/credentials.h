// Credentials: the headers and client certificate a request is sent with, kept fresh.
//
// Token files are read again after a minute; credential plugins are run when first needed, when what they gave has expired,
// and after a 401. Thread-safe; access() blocks while a plugin runs (one at a time).
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "http/headers.h"
#include "kubeconfig/environment.h"
#include "kubeconfig/rest_config.h"

namespace skerry::kubeconfig {

struct Access {
  http::Headers headers{};  // Authorization, Impersonate-*
  http::ClientTls tls{};    // of the configuration, with the plugin's certificate if it gave one
  uint64_t generation = 0;  // changes whenever tls does
};

class Credentials {
 public:
  // `clock` outlives this.
  Credentials(const RestConfig& config, Environment environment, const Clock& clock);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  // An Error's message begins with "Unable to connect to the server: getting credentials: ", as kubectl shows it.
  Result<Access> access();
  // The server answered 401 to a request sent with `used`. True if the next access() will be another one (a plugin is
  // asked again); false if there is nothing else to try.
  bool rejected(const Access& used);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skerry::kubeconfig
