// For tests: kubectl run against a server whose answers are given, for what Skerry itself does not offer.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "http/server.h"
#include "kubectl/main.h"

namespace skerry::kubectl {

// A request that was not a GET.
struct Seen {
  std::string method, path, query, body;
};

class Canned {
 public:
  // By "METHOD PATH", or by "PATH" for whatever method; what is not there is answered with 404.
  explicit Canned(std::map<std::string, std::string> answers)
      : answers_(std::move(answers)), server_({}, [this](const http::Request& request, http::ResponseWriter& writer) { answer(request, writer); }) {
    REQUIRE(server_.start().has_value());
  }

  struct Ran {
    int code;
    std::string out, err;
  };
  Ran run(std::vector<std::string> args, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    // No file of this machine has a say.
    for (const std::string& a : {"--server=http://127.0.0.1:" + std::to_string(server_.port()), std::string("--kubeconfig=/dev/null"), std::string("--cache-dir=")})
      args.push_back(a);
    int code = run_kubectl(args, {in, out, err});
    return {code, out.str(), err.str()};
  }
  std::vector<Seen> writes() {
    std::lock_guard lock(mutex_);
    return writes_;
  }

 private:
  void answer(const http::Request& request, http::ResponseWriter& writer) {
    if (request.method != "GET") {
      std::lock_guard lock(mutex_);
      writes_.push_back({request.method, request.path, request.raw_query, request.body});
    }
    auto found = answers_.find(request.method + " " + request.path);
    if (found == answers_.end()) found = answers_.find(request.path);
    if (found != answers_.end()) return writer.send(200, "application/json", found->second);
    writer.send(404, "application/json", std::string(R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","message":"not here","code":404})"));
  }

  const std::map<std::string, std::string> answers_;
  std::mutex mutex_;
  std::vector<Seen> writes_;
  http::Server server_;  // last: its threads end first
};

}  // namespace skerry::kubectl
