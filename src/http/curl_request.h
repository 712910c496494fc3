// CurlRequest: one request on one libcurl easy handle. Internal to http; shared by Client and StreamClient.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "http/client.h"

namespace skerry::http {

struct CurlFree {
  void operator()(CURL* p) const { curl_easy_cleanup(p); }
  void operator()(curl_slist* p) const { curl_slist_free_all(p); }
};
using CurlHandle = std::unique_ptr<CURL, CurlFree>;

// Once per process, before any handle; thread-safe.
void init_curl();

class CurlRequest {
 public:
  // `handle` (fresh or used before) gets all options. The callbacks are those of Client::send; `on_chunk` null
  // collects the body.
  CurlRequest(CURL* handle, const ClientOptions& options, const ClientRequest& request, Client::OnHead on_head,
              Client::OnChunk on_chunk);
  // What came of it, once libcurl is done with it.
  Result<ClientResponse> result(CURLcode code);

 private:
  static size_t header(char* data, size_t size, size_t count, void* self);
  static size_t body(char* data, size_t size, size_t count, void* self);
  void set_tls(const ClientTls& tls);
  void set_proxy(const ClientOptions& options);
  bool head_done();
  std::string known_words(CURLcode code) const;

  CURL* const handle_;
  const ClientRequest& request_;
  const Client::OnHead on_head_;
  const Client::OnChunk on_chunk_;
  std::unique_ptr<curl_slist, CurlFree> headers_, connect_to_;
  char error_[CURL_ERROR_SIZE] = "";
  ClientResponse response_;
  bool head_came_ = false, head_told_ = false, stopped_ = false, too_large_ = false;
};

}  // namespace skerry::http
