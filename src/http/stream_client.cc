#include <curl/curl.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/curl_request.h"

namespace skerry::http {
namespace {

// One stream. The client's thread owns everything but `cancelled`.
struct Stream {
  std::shared_ptr<const ClientOptions> options;  // as of its start
  ClientRequest request;
  StreamClient::Callbacks callbacks;
  CurlHandle handle;
  std::unique_ptr<CurlRequest> exchange;
  bool cancelled = false;  // guarded by the client's mutex
  bool gone = false;       // likewise: no callback runs or will run
};

}  // namespace

struct StreamClient::Impl {
  std::mutex mutex;  // guards the four below
  std::condition_variable gone_changed;
  std::shared_ptr<const ClientOptions> options;
  std::vector<std::shared_ptr<Stream>> starting, cancelling;
  bool stopping = false;

  CURLM* multi = nullptr;
  std::thread thread;
  std::thread::id thread_id;
  std::vector<std::shared_ptr<Stream>> running;  // the thread's only

  void run();
  void begin(const std::shared_ptr<Stream>& stream);
  void end(const std::shared_ptr<Stream>& stream, CURLcode code, bool tell);
  void cancel(const std::shared_ptr<Stream>& stream);
  bool is_cancelled(const std::shared_ptr<Stream>& stream) {
    std::lock_guard l(mutex);
    return stream->cancelled;
  }
};

namespace {

class StreamHandle final : public StreamClient::Handle {
 public:
  explicit StreamHandle(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  ~StreamHandle() override { cancel(); }
  void cancel() override {
    if (auto f = std::exchange(cancel_, nullptr)) f();
  }

 private:
  std::function<void()> cancel_;
};

}  // namespace

StreamClient::StreamClient(ClientOptions options) : impl_(std::make_shared<Impl>()) {
  init_curl();
  impl_->options = std::make_shared<const ClientOptions>(std::move(options));
  impl_->multi = curl_multi_init();
  curl_multi_setopt(impl_->multi, CURLMOPT_MAXCONNECTS, 16L);
}

StreamClient::~StreamClient() {
  {
    std::lock_guard l(impl_->mutex);
    impl_->stopping = true;
  }
  curl_multi_wakeup(impl_->multi);
  if (impl_->thread.joinable()) impl_->thread.join();
  curl_multi_cleanup(impl_->multi);
}

void StreamClient::set_tls(ClientTls tls) {
  std::lock_guard l(impl_->mutex);
  auto changed = std::make_shared<ClientOptions>(*impl_->options);
  changed->tls = std::move(tls);
  impl_->options = std::move(changed);
}

void StreamClient::set_bearer_token(std::string token) {
  std::lock_guard l(impl_->mutex);
  auto changed = std::make_shared<ClientOptions>(*impl_->options);
  changed->bearer_token = std::move(token);
  impl_->options = std::move(changed);
}

std::unique_ptr<StreamClient::Handle> StreamClient::start(ClientRequest request, Callbacks callbacks) {
  auto stream = std::make_shared<Stream>();
  stream->request = std::move(request);
  stream->callbacks = std::move(callbacks);
  {
    std::lock_guard l(impl_->mutex);
    stream->options = impl_->options;
    impl_->starting.push_back(stream);
    if (!impl_->thread.joinable()) {
      impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
      impl_->thread_id = impl_->thread.get_id();
    }
  }
  curl_multi_wakeup(impl_->multi);
  return std::make_unique<StreamHandle>([impl = impl_, stream] { impl->cancel(stream); });
}

void StreamClient::Impl::begin(const std::shared_ptr<Stream>& stream) {
  stream->handle.reset(curl_easy_init());
  auto* raw = stream.get();  // which owns these callbacks
  auto on_head = [this, raw](const ClientResponse& response) {
    if (raw->callbacks.on_head) raw->callbacks.on_head(response);
    std::lock_guard l(mutex);
    return !raw->cancelled;
  };
  auto on_chunk = [this, raw](std::string_view chunk) {
    {
      std::lock_guard l(mutex);
      if (raw->cancelled) return false;
    }
    if (raw->callbacks.on_chunk) raw->callbacks.on_chunk(chunk);
    return true;
  };
  stream->exchange = std::make_unique<CurlRequest>(stream->handle.get(), *stream->options, stream->request, on_head, on_chunk);
  curl_easy_setopt(stream->handle.get(), CURLOPT_PRIVATE, raw);
  curl_easy_setopt(stream->handle.get(), CURLOPT_BUFFERSIZE, 16384L);
  running.push_back(stream);
  if (curl_multi_add_handle(multi, stream->handle.get()) != CURLM_OK) end(stream, CURLE_FAILED_INIT, true);
}

void StreamClient::Impl::end(const std::shared_ptr<Stream>& stream, CURLcode code, bool tell) {
  if (stream->handle) curl_multi_remove_handle(multi, stream->handle.get());
  std::erase(running, stream);
  bool call;
  {
    std::lock_guard l(mutex);
    call = tell && !stream->cancelled;
  }
  if (call && stream->callbacks.on_end) stream->callbacks.on_end(stream->exchange->result(code));
  stream->exchange.reset();
  stream->handle.reset();
  auto callbacks = std::exchange(stream->callbacks, {});
  std::lock_guard l(mutex);
  stream->gone = true;
  gone_changed.notify_all();
}

void StreamClient::Impl::cancel(const std::shared_ptr<Stream>& stream) {
  std::unique_lock l(mutex);
  if (stream->gone) return;
  stream->cancelled = true;
  cancelling.push_back(stream);
  if (std::this_thread::get_id() == thread_id) return;
  curl_multi_wakeup(multi);
  gone_changed.wait(l, [&] { return stream->gone; });
}

void StreamClient::Impl::run() {
  while (true) {
    std::vector<std::shared_ptr<Stream>> start, cancel;
    bool stop;
    {
      std::lock_guard l(mutex);
      start.swap(starting);
      cancel.swap(cancelling);
      stop = stopping;
    }
    for (auto& stream : start) begin(stream);
    for (auto& stream : cancel) {
      if (stream->handle) end(stream, CURLE_OK, false);
    }
    if (stop) break;
    int active = 0;
    curl_multi_perform(multi, &active);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURLcode code = message->data.result;
      auto done = std::find_if(running.begin(), running.end(), [&](auto& s) { return s->handle.get() == message->easy_handle; });
      if (done == running.end()) continue;
      end(std::shared_ptr<Stream>(*done), code, true);
    }
    {
      std::lock_guard l(mutex);
      if (!starting.empty() || !cancelling.empty() || stopping) continue;
    }
    curl_multi_poll(multi, nullptr, 0, running.empty() ? 3600 * 1000 : 60 * 1000, nullptr);
  }
  for (auto& stream : std::vector(running)) end(stream, CURLE_OK, false);
}

}  // namespace skerry::http
