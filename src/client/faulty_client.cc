#include "client/faulty_client.h"

namespace skerry::client {

void FaultyClient::fail_call(uint64_t n, Error error, When when) {
  error_ = std::move(error);
  when_ = when;
  failed_ = false;
  target_ = n == 0 ? 0 : calls_ + n;
}

bool FaultyClient::is_the_one() {
  if (++calls_ != target_) return false;
  failed_ = true;
  return true;
}

Result<api::Response> FaultyClient::send(api::Request request) {
  if (!is_the_one()) return inner_.send(std::move(request));
  if (when_ == When::kAfter) (void)inner_.send(std::move(request)).has_value();
  return error_;
}

Result<std::unique_ptr<api::Watch>> FaultyClient::watch(api::Request request, api::WatchHandler handler) {
  if (is_the_one()) return error_;
  return inner_.watch(std::move(request), std::move(handler));
}

}  // namespace skerry::client
