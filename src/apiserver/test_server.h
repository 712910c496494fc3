// TestServer: a whole API server in this process, in a temporary folder, for tests.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "api/catalog.h"
#include "apiserver/control_plane.h"
#include "apiserver/server.h"
#include "base/executor.h"
#include "registry/registry.h"
#include "store/sqlite_store.h"

namespace skerry::apiserver {

class TestServer {
 public:
  // The folder is made, and removed in the end unless `keep`. A failure throws, so that a test says why.
  explicit TestServer(std::string dir, uint16_t port = 0, bool keep = false) : dir_(std::move(dir)), keep_(keep) {
    std::filesystem::create_directories(dir_);
    pki_ = std::make_unique<auth::Pki>(must(auth::Pki::open({dir_ + "/tls", {}, "10.43.0.1", "cluster.local"}, clock_)));
    store::SqliteOptions store_options;
    store_options.path = dir_ + "/state.db";
    store_ = must(store::open_sqlite_store(store_options, clock_));
    registry_ = must(registry::Registry::open(*store_, catalog_, clock_, random_));
    control_plane_ = must(ControlPlane::create({}, *registry_, catalog_, *pki_, executor_, clock_, random_));
    if (auto started = control_plane_->start(); !started) throw std::runtime_error(started.error().message);
    ServerOptions options;
    options.bind_address = "127.0.0.1";
    options.port = port;
    options.server_secret = kServerSecret;
    server_ = std::make_unique<Server>(std::move(options),
        Server::Parts{control_plane_->pipeline(), *pki_, control_plane_->signer(), control_plane_->tokens(), executor_, clock_, random_});
    if (auto started = server_->start(); !started) throw std::runtime_error(started.error().message);
    if (auto written = auth::write_secret_file(dir_ + "/kubeconfig", kubeconfig()); !written) throw std::runtime_error(written.error().message);
  }
  ~TestServer() {
    server_->stop();
    control_plane_->stop();
    executor_.stop();
    server_.reset();
    control_plane_.reset();
    registry_.reset();
    store_.reset();
    if (!keep_) std::filesystem::remove_all(dir_);
  }

  const std::string& dir() const { return dir_; }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(server_->port()); }
  auth::Pki& pki() { return *pki_; }
  ControlPlane& control_plane() { return *control_plane_; }
  Server& server() { return *server_; }
  registry::Registry& registry() { return *registry_; }
  Executor& executor() { return executor_; }
  const Clock& clock() const { return clock_; }
  // kubeconfig of the administrator, also written to dir()/kubeconfig.
  std::string kubeconfig() const { return auth::make_kubeconfig(url(), pki_->server_ca().cert_pem(), pki_->admin()); }

  static constexpr const char* kServerSecret = "0123456789abcdef";

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(result).value();
  }

  const std::string dir_;
  const bool keep_;
  SystemClock clock_;
  SystemRandom random_;
  Executor executor_{8, clock_};
  api::Catalog catalog_;
  std::unique_ptr<auth::Pki> pki_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<registry::Registry> registry_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::unique_ptr<Server> server_;
};

}  // namespace skerry::apiserver
