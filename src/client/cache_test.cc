#include "client/cache.h"

#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

using namespace skerry;

namespace {

api::ObjectPtr config_map(const std::string& name, int revision, const std::string& label = "") {
  Json o = {{"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata",
             {{"name", name}, {"namespace", "ns"}, {"uid", "u-" + name}, {"resourceVersion", std::to_string(revision)}}}};
  if (!label.empty()) o["metadata"]["labels"] = {{"l", label}};
  return api::Object::from_json(o);
}

api::WatchEvent end_of_initial(int revision) {
  Json o = {{"kind", "ConfigMap"},
            {"apiVersion", "v1"},
            {"metadata",
             {{"resourceVersion", std::to_string(revision)}, {"annotations", {{"k8s.io/initial-events-end", "true"}}}}}};
  return {api::EventType::kBookmark, api::Object::from_json(o)};
}

api::WatchEvent expired() {
  return {api::EventType::kError, api::Object::from_json(api::status_json(Error(Reason::kExpired, "too old")))};
}

// The transport seam: a test plays the server's side of each watch.
struct Script : client::Client {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<api::Request> watches;
  api::WatchHandler handler;
  bool knows_initial_events = true;
  api::List list;

  Result<api::Response> send(api::Request) override {
    api::Response r;
    r.list = std::make_shared<api::List>(list);
    return r;
  }
  Result<std::unique_ptr<api::Watch>> watch(api::Request request, api::WatchHandler h) override {
    std::lock_guard l(mutex);
    if (request.options.send_initial_events && !knows_initial_events) return Error(Reason::kInvalid, "forbidden");
    watches.push_back(request);
    handler = std::move(h);
    changed.notify_all();
    return std::make_unique<api::Watch>();
  }
  api::Request wait_watch(size_t n) {
    std::unique_lock l(mutex);
    REQUIRE(changed.wait_for(l, seconds(60), [&] { return watches.size() >= n; }));
    return watches[n - 1];
  }
  void say(std::vector<api::WatchEvent> events) {
    auto h = [&] { std::lock_guard l(mutex); return handler; }();
    h(events);
  }
};

struct Fixture {
  SystemClock clock;
  Executor executor{2, clock};
  Script server;
  client::Cache cache{server, executor, api::kConfigMaps};
  std::vector<std::string> seen;
  Fixture() {
    cache.add_handler([this](const api::ObjectPtr& before, const api::ObjectPtr& after) {
      seen.push_back((before ? "-" + before->meta().name : "") + (after ? "+" + after->meta().name : ""));
    });
    cache.add_index("label", [](const api::Object& o) -> std::vector<std::string> {
      auto* l = api::find_label(o.meta().labels, "l");
      return l ? std::vector{*l} : std::vector<std::string>{};
    });
  }
  ~Fixture() { cache.stop(); }
};

using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE("cache: initial events, changes, indexes; a broken watch is resumed from the last revision") {
  Fixture f;
  f.cache.start();
  CHECK(f.server.wait_watch(1).options.send_initial_events);
  f.server.say({{api::EventType::kAdded, config_map("a", 1, "x")}, {api::EventType::kAdded, config_map("b", 2)}});
  CHECK_FALSE(f.cache.synced());
  f.server.say({end_of_initial(5)});
  CHECK(f.cache.synced());
  f.server.say({{api::EventType::kModified, config_map("a", 6, "y")}, {api::EventType::kDeleted, config_map("b", 7)}});
  CHECK(f.seen == Seen{"+a", "+b", "-a+a", "-b"});
  CHECK(f.cache.by_index("label", "x").empty());
  CHECK(f.cache.by_index("label", "y").size() == 1);
  CHECK(f.cache.get("ns/a")->meta().revision == 6);
  CHECK(f.cache.in_namespace("ns").size() == 1);
  CHECK(f.cache.in_namespace("n").empty());
  f.server.say({});
  auto resumed = f.server.wait_watch(2);
  CHECK_FALSE(resumed.options.send_initial_events);
  CHECK(resumed.options.resource_version == "7");
}

TEST_CASE("cache: after Expired it lists again and notices what is gone, without repeating what is the same") {
  Fixture f;
  f.cache.start();
  f.server.wait_watch(1);
  f.server.say({{api::EventType::kAdded, config_map("a", 1)}, {api::EventType::kAdded, config_map("b", 2)},
                {api::EventType::kAdded, config_map("c", 3)}, end_of_initial(3)});
  f.seen.clear();
  f.server.say({expired()});
  f.server.say({{api::EventType::kAdded, config_map("late", 4)}});  // of the old watch
  CHECK(f.server.wait_watch(2).options.send_initial_events);
  CHECK(f.cache.synced());
  f.server.say({{api::EventType::kAdded, config_map("a", 1)}, {api::EventType::kAdded, config_map("c", 9)},
                end_of_initial(20)});
  CHECK(f.seen == Seen{"-c+c", "-b"});
  CHECK(f.cache.all().size() == 2);
}

TEST_CASE("cache: a server without initial events is listed, then watched") {
  Fixture f;
  f.server.knows_initial_events = false;
  f.server.list.items = {config_map("a", 1)};
  f.server.list.revision = 10;
  f.cache.start();
  CHECK(f.server.wait_watch(1).options.resource_version == "10");
  CHECK(f.cache.synced());
  CHECK(f.seen == Seen{"+a"});
}
