// FaultyClient: a Client that fails the n-th call, for tests that walk n = 1, 2, ... until a run passes untouched.
#pragma once

#include <atomic>
#include <functional>

#include "client/client.h"

namespace skerry::client {

class FaultyClient final : public Client {
 public:
  // `after`: the call is carried out and then reported as failed (a lost answer) instead of not being made.
  enum class When { kBefore, kAfter };

  explicit FaultyClient(Client& inner) : inner_(inner) {}

  // The n-th call from now on (1: the next one) fails with `error`; 0: none.
  void fail_call(uint64_t n, Error error, When when = When::kBefore);
  // Has that call been made?
  bool failed() const { return failed_; }
  uint64_t calls() const { return calls_; }

  Result<api::Response> send(api::Request request) override;
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler handler) override;

 private:
  bool is_the_one();

  Client& inner_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> target_{0};
  std::atomic<bool> failed_{false};
  Error error_;
  When when_ = When::kBefore;
};

}  // namespace skerry::client
