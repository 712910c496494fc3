#include "http/client.h"

#include <curl/curl.h>

#include <mutex>
#include <vector>

#include "http/curl_request.h"

namespace skerry::http {

struct Client::Impl {
  std::mutex mutex;  // guards all below
  std::shared_ptr<const ClientOptions> options;
  std::vector<CurlHandle> idle;  // each keeps its connection
  uint64_t generation = 0;       // counts changes of options: older handles' connections are not reused

  std::shared_ptr<const ClientOptions> get_options() {
    std::lock_guard l(mutex);
    return options;
  }
  template <class F>
  void change(F&& f) {
    std::vector<CurlHandle> dropped;
    std::lock_guard l(mutex);
    auto changed = std::make_shared<ClientOptions>(*options);
    f(*changed);
    options = std::move(changed);
    generation++;
    dropped.swap(idle);
  }
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>()) {
  init_curl();
  impl_->options = std::make_shared<const ClientOptions>(std::move(options));
}

Client::~Client() = default;

void Client::set_tls(ClientTls tls) {
  impl_->change([&](ClientOptions& options) { options.tls = std::move(tls); });
}

void Client::set_bearer_token(std::string token) {
  impl_->change([&](ClientOptions& options) { options.bearer_token = std::move(token); });
}

Result<ClientResponse> Client::send(const ClientRequest& request) { return send(request, nullptr, nullptr); }

Result<ClientResponse> Client::send(const ClientRequest& request, const OnHead& on_head, const OnChunk& on_chunk) {
  CurlHandle handle;
  std::shared_ptr<const ClientOptions> options;
  uint64_t generation;
  {
    std::lock_guard l(impl_->mutex);
    options = impl_->options;
    generation = impl_->generation;
    if (!impl_->idle.empty()) {
      handle = std::move(impl_->idle.back());
      impl_->idle.pop_back();
    }
  }
  if (!handle) handle.reset(curl_easy_init());
  if (!handle) return internal_error("cannot create a curl handle: out of memory");
  CurlRequest exchange(handle.get(), *options, request, on_head, on_chunk);
  auto result = exchange.result(curl_easy_perform(handle.get()));
  curl_easy_reset(handle.get());  // nothing may point to what ends here
  std::lock_guard l(impl_->mutex);
  if (generation == impl_->generation && impl_->idle.size() < options->max_idle_connections) {
    impl_->idle.push_back(std::move(handle));
  }
  return result;
}

}  // namespace skerry::http
