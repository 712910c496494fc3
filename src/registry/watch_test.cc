#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <random>
#include <thread>

#include "registry/test_support.h"

using namespace skerry;
using namespace skerry::registry;
using namespace skerry::registry::test;

namespace {

std::vector<std::string> drain(WatchStream& stream) {
  std::vector<std::string> out;
  while (true) {
    auto events = stream.next(10);
    if (!events) {
      out.push_back("ERROR " + std::string(reason_name(events.error().reason)));
      return out;
    }
    if (events->empty()) return out;
    for (auto& e : *events) {
      std::string line(api::event_type_name(e.type));
      if (e.type != api::EventType::kBookmark) line += " " + e.object->meta().name;
      out.push_back(line);
    }
  }
}
// Not a temporary in a range-for: it would be gone.
std::vector<api::ObjectPtr> items(const Result<api::List>& list) {
  REQUIRE(list);
  return list->items;
}
using Lines = std::vector<std::string>;

api::Options from(int64_t revision) {
  api::Options o;
  o.resource_version = std::to_string(revision);
  return o;
}

}  // namespace

TEST_CASE("watch: initial state, then changes; a revision skips what was before") {
  World w;
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a")));
  int64_t revision = w.registry->revision();
  auto all = std::move(*w.watch(api::kConfigMaps, "default"));
  auto later = std::move(*w.watch(api::kConfigMaps, "default", from(revision)));
  api::Options initial;
  initial.send_initial_events = true;
  CHECK(w.watch(api::kConfigMaps, "default", initial).error().is(Reason::kInvalid));
  initial.resource_version_match = "NotOlderThan";
  initial.allow_bookmarks = true;
  auto marked = std::move(*w.watch(api::kConfigMaps, "", initial));
  REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"data", {{"k", "2"}}}}));
  REQUIRE(w.remove(api::kConfigMaps, "default", "a"));
  CHECK(drain(*all) == Lines{"ADDED a", "MODIFIED a", "DELETED a"});
  CHECK(drain(*later) == Lines{"MODIFIED a", "DELETED a"});
  CHECK(drain(*marked) == Lines{"ADDED a", "BOOKMARK", "MODIFIED a", "DELETED a"});
  CHECK(later->bookmark().object->meta().revision == w.registry->revision());
}

TEST_CASE("watch: what moves into or out of the selection is added and deleted") {
  World w;
  api::Options o;
  o.label_selector = "app=x";
  auto stream = std::move(*w.watch(api::kConfigMaps, "default", o));
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a", "1", {{"app", "x"}})));
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("b", "1", {{"app", "y"}})));
  REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"labels", {{"app", "y"}}}}}}));
  int64_t left = w.registry->revision();
  auto events = stream->next(10);
  REQUIRE(events);
  REQUIRE(events->size() == 2);
  CHECK((*events)[1].type == api::EventType::kDeleted);
  CHECK((*events)[1].object->meta().revision == left);
  CHECK((*events)[1].object->json()["metadata"]["labels"]["app"] == "x");
  REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"data", {{"k", "2"}}}}));
  REQUIRE(w.remove(api::kConfigMaps, "default", "b"));
  REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"labels", {{"app", "x"}}}}}}));
  CHECK(drain(*stream) == Lines{"ADDED a"});
  api::Options by_name;
  by_name.field_selector = "metadata.name=a";
  auto one = std::move(*w.watch(api::kConfigMaps, "default", by_name));
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("c")));
  CHECK(drain(*one) == Lines{"ADDED a"});
}

TEST_CASE("watch: a slow watcher is served from the log, and told when that is gone") {
  Options o;
  o.hub.max_events = 5;
  World w(o);
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a", "0", {{"n", "0"}})));
  int64_t revision = w.registry->revision();
  auto stream = std::move(*w.watch(api::kConfigMaps, "default", from(revision)));
  api::Options only;
  only.resource_version = std::to_string(revision);
  only.label_selector = "n in (5,6)";
  auto selected = std::move(*w.watch(api::kConfigMaps, "default", only));
  for (int i = 1; i <= 20; ++i)
    REQUIRE(w.patch(api::kConfigMaps, "default", "a", {{"metadata", {{"labels", {{"n", std::to_string(i)}}}}}}));
  Lines expected(20, "MODIFIED a");
  CHECK(drain(*stream) == expected);
  CHECK(drain(*selected) == Lines{"ADDED a", "MODIFIED a", "DELETED a"});
  auto late = std::move(*w.watch(api::kConfigMaps, "default", from(revision)));
  REQUIRE(w.store->compact(w.registry->revision()));
  CHECK(drain(*late) == Lines{"ERROR Expired"});
}

TEST_CASE("watch: after a restart the log continues it, but not for what may have been volatile") {
  World w;
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("a")));
  int64_t revision = w.registry->revision();
  REQUIRE(w.create(api::kConfigMaps, "default", config_map("b")));
  w.restart();
  auto stream = std::move(*w.watch(api::kConfigMaps, "default", from(revision)));
  CHECK(drain(*stream) == Lines{"ADDED b"});
  auto leases = std::move(*w.watch(api::kLeases, "default", from(revision)));
  CHECK(drain(*leases) == Lines{"ERROR Expired"});
  // Another store's revision.
  auto alien = std::move(*w.watch(api::kConfigMaps, "default", from(w.registry->revision() + 1000)));
  CHECK(drain(*alien) == Lines{"ERROR Expired"});
}

TEST_CASE("watch: followers under load rebuild exactly the state, skipping nothing") {
  uint32_t seed = std::random_device{}();
  MESSAGE("seed " << seed);
  Options o;
  o.hub.max_events = 16;  // often too slow
  World w(o);
  std::atomic<bool> done{false};
  struct Follower {
    std::mutex mutex;
    std::condition_variable bell;
    bool rung = true;
    std::map<std::string, int64_t> state;
    bool ordered = true, sound = true;
  };
  std::vector<std::unique_ptr<Follower>> followers;
  std::vector<std::thread> threads;
  for (int f = 0; f < 3; ++f) {
    followers.push_back(std::make_unique<Follower>());
    threads.emplace_back([&, me = followers.back().get()] {
      auto stream = std::move(*w.watch(api::kConfigMaps, "default", {}, [me] {
        std::lock_guard lock(me->mutex);
        me->rung = true;
        me->bell.notify_one();
      }));
      int64_t last = 0;
      while (true) {
        bool finish = done;
        auto events = stream->next(7);
        if (!events) { me->sound = false; return; }
        for (auto& e : *events) {
          const auto& meta = e.object->meta();
          bool known = me->state.contains(meta.name);
          if (meta.revision <= last && last > 0 && e.type != api::EventType::kAdded) me->ordered = false;
          if ((e.type == api::EventType::kAdded) == known) me->sound = false;
          if (e.type == api::EventType::kDeleted) me->state.erase(meta.name);
          else me->state[meta.name] = meta.revision;
          last = meta.revision;
        }
        if (!events->empty()) continue;
        if (finish) return;
        std::unique_lock lock(me->mutex);
        me->bell.wait_for(lock, std::chrono::milliseconds(200), [&] { return me->rung || done; });
        me->rung = false;
      }
    });
  }
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&, t] {
      std::mt19937 rng(seed + t);
      for (int i = 0; i < 300; ++i) {
        std::string name = "c" + std::to_string(rng() % 10);
        switch (rng() % 3) {
          case 0: (void)w.create(api::kConfigMaps, "default", config_map(name)); break;
          case 1: (void)w.remove(api::kConfigMaps, "default", name); break;
          default: (void)w.patch(api::kConfigMaps, "default", name, {{"data", {{"k", std::to_string(i * 10 + t)}}}});
        }
      }
    });
  for (auto& t : writers) t.join();
  done = true;
  for (auto& t : threads) t.join();
  std::map<std::string, int64_t> truth;
  for (auto& item : items(w.list(api::kConfigMaps, "default"))) truth[item->meta().name] = item->meta().revision;
  for (auto& f : followers) {
    CHECK(f->state == truth);
    CHECK(f->ordered);
    CHECK(f->sound);
  }
  // Memory equals the log.
  w.restart();
  std::map<std::string, int64_t> reloaded;
  for (auto& item : items(w.list(api::kConfigMaps, "default"))) reloaded[item->meta().name] = item->meta().revision;
  CHECK(reloaded == truth);
}

TEST_CASE("list: pages are of one revision, from memory, from the log, and inconsistent when asked") {
  for (size_t ring : {size_t{4096}, size_t{2}}) {
    Options o;
    o.hub.max_events = ring;
    World w(o);
    for (int i = 0; i < 10; ++i) REQUIRE(w.create(api::kConfigMaps, "default", config_map("c" + std::to_string(i))));
    api::Options page;
    page.limit = 4;
    auto first = w.list(api::kConfigMaps, "default", page);
    REQUIRE(first);
    CHECK(first->items.size() == 4);
    CHECK(first->remaining == 6);
    REQUIRE(w.remove(api::kConfigMaps, "default", "c5"));
    REQUIRE(w.create(api::kConfigMaps, "default", config_map("c55")));
    REQUIRE(w.patch(api::kConfigMaps, "default", "c6", {{"data", {{"k", "changed"}}}}));
    REQUIRE(w.remove(api::kConfigMaps, "default", "c0"));
    page.continue_token = first->continue_token;
    std::vector<std::string> names;
    auto second = w.list(api::kConfigMaps, "default", page);
    REQUIRE_MESSAGE(second, (second ? "" : second.error().message));
    CHECK(second->revision == first->revision);
    for (auto& item : second->items) names.push_back(item->meta().name);
    CHECK(names == std::vector<std::string>{"c4", "c5", "c6", "c7"});
    CHECK(second->items[2]->json()["data"]["k"] == "v");
    api::Options exact;
    exact.resource_version = std::to_string(first->revision);
    exact.resource_version_match = "Exact";
    CHECK(w.list(api::kConfigMaps, "default", exact)->items.size() == 10);
    REQUIRE(w.store->compact(w.registry->revision()));
    if (ring == 2) {
      auto expired = w.list(api::kConfigMaps, "default", page);
      CHECK(expired.error().is(Reason::kExpired));
      page.continue_token = expired.error().details->continue_token;
      names.clear();
      for (auto& item : items(w.list(api::kConfigMaps, "default", page))) names.push_back(item->meta().name);
      CHECK(names == std::vector<std::string>{"c4", "c55", "c6", "c7"});
    }
    page.continue_token = "nonsense";
    CHECK(w.list(api::kConfigMaps, "default", page).error().is(Reason::kBadRequest));
    api::Options future;
    future.resource_version = "999999999";
    future.resource_version_match = "NotOlderThan";
    CHECK(w.list(api::kConfigMaps, "default", future).error().is(Reason::kTimeout));
    CHECK(w.list(api::kConfigMaps, "other")->items.empty());
  }
}
