// SystemPaths: what is not a resource: discovery, OpenAPI, version, health, metrics, keys, joining.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/request.h"
#include "apiserver/join.h"
#include "apiserver/metrics.h"
#include "apiserver/pipeline.h"
#include "apiserver/server.h"
#include "http/server.h"

namespace skerry::apiserver {

class SystemPaths {
 public:
  SystemPaths(const ServerOptions& options, Server::Parts parts, Metrics& metrics)
      : options_(options), parts_(parts), metrics_(metrics),
        join_(parts.pipeline, parts.pki, options.cluster, options.git_version, parts.clock, parts.random) {}

  void add_metrics(std::function<std::string()> text) { texts_.push_back(std::move(text)); }
  void add_health_check(HealthCheck check) { checks_.push_back(std::move(check)); }

  // Authorises and answers; an Error has not been answered yet.
  Status serve(const http::Request& request, http::ResponseWriter& writer, const api::UserInfo& user);

 private:
  struct Answer {
    int code = 200;
    std::string type = "application/json";
    std::string body;
  };
  Result<Answer> answer(const http::Request& request, const api::UserInfo& user);
  Result<Answer> discovery(const http::Request& request, const std::vector<std::string>& parts);
  Result<Answer> openapi(const http::Request& request, const std::vector<std::string>& parts);
  Answer health(const http::Request& request, const std::string& kind, const std::string& only);
  Json version() const;
  std::string metrics_text() const;

  const ServerOptions& options_;
  Server::Parts parts_;
  Metrics& metrics_;
  Join join_;
  std::vector<std::function<std::string()>> texts_;  // both fixed before serving
  std::vector<HealthCheck> checks_;
};

}  // namespace skerry::apiserver
