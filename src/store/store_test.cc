#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "store/sqlite_store.h"

using namespace skerry;
using namespace skerry::store;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/skerry-store-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/state.db"; }
};

SystemClock g_clock;

std::unique_ptr<Store> open_at(const std::string& path, int64_t bound_step = 10000) {
  SqliteOptions options;
  options.path = path;
  options.bound_step = bound_step;
  auto opened = open_sqlite_store(options, g_clock);
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
  return std::move(*opened);
}

Transaction put(std::string key, std::string value, int64_t expected = Operation::kAny, bool is_volatile = false) {
  Transaction t;
  t.operations.push_back({Operation::Kind::kPut, std::move(key), make_bytes(std::move(value)), expected});
  t.is_volatile = is_volatile;
  return t;
}
Transaction del(std::string key, int64_t expected = Operation::kAny) {
  Transaction t;
  t.operations.push_back({Operation::Kind::kDelete, std::move(key), nullptr, expected});
  return t;
}

using Model = std::map<std::string, std::pair<int64_t, std::string>>;
Model contents(Store& store, int64_t at = 0, size_t limit = 0) {
  Model m;
  std::string after;
  while (true) {
    auto page = store.read("/", after, limit, at);
    REQUIRE(page);
    for (auto& v : page->values) m[v.key] = {v.revision, *v.value};
    if (!page->more) return m;
    after = page->values.back().key;
  }
}

}  // namespace

TEST_CASE("store: conditions, revisions and several keys in one transaction") {
  Folder folder;
  auto store = open_at(folder.file());
  auto r1 = store->commit(put("/a", "1", 0));
  REQUIRE(r1);
  CHECK(store->commit(put("/a", "2", 0)).error().is(Reason::kConflict));
  CHECK(store->commit(put("/a", "2", *r1 + 5)).error().is(Reason::kConflict));
  Transaction both = put("/a", "2", *r1);
  both.operations.push_back({Operation::Kind::kPut, "/b", make_bytes("x"), 0});
  auto r2 = store->commit(both);
  REQUIRE(r2);
  CHECK(*r2 == *r1 + 1);
  Transaction half = put("/c", "2", 0);
  half.operations.push_back({Operation::Kind::kPut, "/b", make_bytes("x"), 0});
  CHECK(store->commit(half).error().is(Reason::kConflict));
  CHECK(store->get("/c").error().is(Reason::kNotFound));
  CHECK(store->get("/a")->revision == *r2);
  auto changes = store->changes_since(*r1, "/", 1);
  REQUIRE(changes);
  CHECK(changes->size() == 2);  // a revision is not split
  CHECK(*(*changes)[0].previous == "1");
  CHECK((*changes)[1].previous == nullptr);
}

TEST_CASE("store: a second process is kept out") {
  Folder folder;
  auto store = open_at(folder.file());
  SqliteOptions options;
  options.path = folder.file();
  CHECK(open_sqlite_store(options, g_clock).error().is(Reason::kServiceUnavailable));
}

TEST_CASE("store: random operations against a model, with restarts, flushes and compaction") {
  uint32_t seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 rng(seed);
  Folder folder;
  auto store = open_at(folder.file(), 7);
  Model model;
  std::map<int64_t, Model> history;  // what can be read later: no volatile value was waiting
  bool waiting = false;
  int64_t last = 0, compacted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string key = "/k" + std::to_string(rng() % 40);
    auto it = model.find(key);
    int64_t current = it == model.end() ? 0 : it->second.first;
    switch (rng() % 24) {
      case 0:
        store.reset();
        store = open_at(folder.file(), 7);
        CHECK(store->revision() >= last);
        waiting = false;
        break;
      case 1:
        CHECK(store->flush());
        waiting = false;
        break;
      case 2:
        if (rng() % 4 == 0 && last > 50) {
          compacted = std::max(compacted, last - 50);
          CHECK(store->compact(compacted));
          history.erase(history.begin(), history.lower_bound(compacted));
        }
        break;
      case 3: case 4: case 5: case 6: {
        auto r = store->commit(del(key, current));
        if (current == 0) {
          if (r) last = *r;
        } else {
          REQUIRE(r);
          CHECK(*r > last);
          last = *r;
          model.erase(key);
        }
        break;
      }
      case 7: {
        CHECK(store->commit(put(key, "x", current + 1)).error().is(Reason::kConflict));
        break;
      }
      default: {
        bool is_volatile = rng() % 5 == 0;
        std::string value = "v" + std::to_string(i);
        auto r = store->commit(put(key, value, current, is_volatile));
        REQUIRE(r);
        CHECK(*r > last);
        last = *r;
        model[key] = {last, value};
        waiting = waiting || is_volatile;
      }
    }
    if (!waiting) history[last] = model;
    if (i % 50 == 49) {
      CHECK(contents(*store) == model);
      CHECK(contents(*store, 0, 3) == model);
      if (history.empty()) continue;
      auto old = history.begin();
      std::advance(old, rng() % history.size());
      if (old->first >= store->compacted() && old->first > 0) CHECK(contents(*store, old->first, 7) == old->second);
    }
  }
  CHECK(contents(*store) == model);
}

TEST_CASE("store: older revisions are readable until compacted, then Expired") {
  Folder folder;
  auto store = open_at(folder.file());
  int64_t first = *store->commit(put("/a", "1"));
  int64_t second = *store->commit(put("/a", "2"));
  int64_t third = *store->commit(del("/a"));
  CHECK(contents(*store, first).at("/a").second == "1");
  CHECK(contents(*store, second).at("/a").second == "2");
  CHECK(contents(*store, third).empty());
  CHECK(store->compact(second));
  CHECK(store->read("/", "", 0, first).error().is(Reason::kExpired));
  CHECK(contents(*store, second).at("/a").second == "2");
  auto changes = store->changes_since(second, "/", 10);
  REQUIRE(changes);
  REQUIRE(changes->size() == 1);
  CHECK((*changes)[0].value == nullptr);
  CHECK(*(*changes)[0].previous == "2");
  CHECK(store->changes_since(first, "/", 10).error().message == "too old resource version: 1 (2)");
  // The counter survives although the log loses its last entry.
  CHECK(store->compact(third));
  store.reset();
  store = open_at(folder.file());
  CHECK(store->revision() >= third);
}

TEST_CASE("store: kill -9 loses nothing acknowledged and never reuses a revision") {
  Folder folder;
  int pipe_fds[2];
  REQUIRE(pipe(pipe_fds) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(pipe_fds[0]);
    SqliteOptions options;
    options.path = folder.file();
    auto opened = open_sqlite_store(options, g_clock);
    if (!opened) _exit(1);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0;; ++i) {
          bool is_volatile = i % 10 == 9;
          auto r = (*opened)->commit(put("/w" + std::to_string(t) + "/" + std::to_string(i), "v", 0, is_volatile));
          if (!r) _exit(2);
          int64_t line[4] = {t, i, *r, is_volatile};
          if (write(pipe_fds[1], line, sizeof line) != sizeof line) _exit(3);
        }
      });
    for (auto& t : threads) t.join();
    _exit(0);
  }
  close(pipe_fds[1]);
  std::vector<std::array<int64_t, 4>> acknowledged;
  std::array<int64_t, 4> line;
  while (acknowledged.size() < 3000 && read(pipe_fds[0], line.data(), sizeof line) == sizeof line)
    acknowledged.push_back(line);
  kill(child, SIGKILL);
  while (read(pipe_fds[0], line.data(), sizeof line) == sizeof line) acknowledged.push_back(line);
  waitpid(child, nullptr, 0);
  close(pipe_fds[0]);
  auto store = open_at(folder.file());
  auto found = contents(*store);
  int64_t highest = 0;
  for (auto& a : acknowledged) {
    highest = std::max(highest, a[2]);
    if (a[3] != 0) continue;
    auto it = found.find("/w" + std::to_string(a[0]) + "/" + std::to_string(a[1]));
    REQUIRE(it != found.end());
    CHECK(it->second.first == a[2]);
  }
  CHECK(store->revision() >= highest);
  CHECK(*store->commit(put("/x", "y")) > highest);
}

TEST_CASE("store: listener sees every transaction in order, before the caller returns") {
  Folder folder;
  auto store = open_at(folder.file());
  std::atomic<int64_t> seen{0};
  std::atomic<bool> ordered{true};
  store->set_listener([&](int64_t revision, const Transaction&) {
    if (revision <= seen) ordered = false;
    seen = revision;
  });
  std::vector<std::thread> threads;
  std::atomic<bool> before{true};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        auto r = store->commit(put("/" + std::to_string(t), std::to_string(i), Operation::kAny, i % 3 == 0));
        if (!r || seen < *r) before = false;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(ordered);
  CHECK(before);
  CHECK(store->stats().commits == 1600);
  store->set_listener(nullptr);
}

TEST_CASE("store: snapshot and restore; a damaged snapshot changes nothing") {
  Folder folder;
  auto store = open_at(folder.file());
  for (int i = 0; i < 100; ++i) REQUIRE(store->commit(put("/" + std::to_string(i), "v" + std::to_string(i))));
  REQUIRE(store->commit(put("/5", "volatile", Operation::kAny, true)));
  REQUIRE(store->snapshot(folder.path + "/snap"));
  auto before = contents(*store);
  REQUIRE(store->commit(put("/later", "x")));
  int64_t last = store->revision();
  CHECK(restore_sqlite_snapshot(folder.path + "/snap", folder.file()).error().is(Reason::kServiceUnavailable));
  store.reset();
  std::filesystem::copy_file(folder.path + "/snap", folder.path + "/bad");
  std::filesystem::resize_file(folder.path + "/bad", 5000);
  CHECK(!restore_sqlite_snapshot(folder.path + "/bad", folder.file()));
  CHECK(!restore_sqlite_snapshot(folder.path + "/missing", folder.file()));
  store = open_at(folder.file());
  CHECK(contents(*store).count("/later") == 1);
  store.reset();
  REQUIRE(restore_sqlite_snapshot(folder.path + "/snap", folder.file()));
  store = open_at(folder.file());
  CHECK(contents(*store) == before);
  CHECK(store->revision() > last);
  CHECK(store->changes_since(last, "/", 10).error().is(Reason::kExpired));
}

TEST_CASE("store: a full disk is ServiceUnavailable, loses nothing and recovers") {
  Folder folder;
  // A file size limit stands for the full disk.
  pid_t child = fork();
  if (child == 0) {
    SqliteOptions options;
    options.path = folder.file();
    auto opened = open_sqlite_store(options, g_clock);
    if (!opened) _exit(1);
    Store& store = **opened;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    struct rlimit small = limit;
    small.rlim_cur = 300'000;
    setrlimit(RLIMIT_FSIZE, &small);
    int written = 0;
    Error error;
    for (; written < 1000; ++written) {
      auto r = store.commit(put("/" + std::to_string(written), std::string(2000, 'x')));
      if (!r) { error = r.error(); break; }
    }
    if (!error.is(Reason::kServiceUnavailable)) _exit(2);
    if (store.commit(put("/again", std::string(2000, 'x')))) _exit(3);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (!store.commit(put("/after", std::string(2000, 'x')))) _exit(4);
    auto page = store.read("/", "", 0, 0);
    if (!page || page->values.size() != static_cast<size_t>(written) + 1) _exit(5);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
