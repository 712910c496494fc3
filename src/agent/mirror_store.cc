#include "agent/mirror_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>

#include "base/log.h"

namespace skerry::agent {
namespace {

constexpr auto kGatherTime = std::chrono::milliseconds(200);

constexpr const char* kSetup =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-128; PRAGMA wal_autocheckpoint=200;"
    "CREATE TABLE IF NOT EXISTS object(collection TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(collection, key)) WITHOUT ROWID;";

Result<sqlite3*> open_database(const std::string& path) {
  // SQLite gives its journal files the mode of the database file.
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("open " + path, errno);
  ::close(fd);
  sqlite3* db = nullptr;
  int rc = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, kSetup, nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK) rc = sqlite3_exec(db, "SELECT count(*) FROM object", nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK) return db;
  Error e = internal_error(path + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(rc)));
  sqlite3_close(db);
  if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB) e.reason = Reason::kGone;
  return e;
}

// A prepared statement that is finalised when it goes.
struct Statement {
  Statement(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &s, nullptr); }
  ~Statement() { sqlite3_finalize(s); }
  void bind(int at, const std::string& text) { sqlite3_bind_text(s, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT); }
  std::string text(int column) {
    auto p = static_cast<const char*>(sqlite3_column_blob(s, column));
    return p ? std::string(p, static_cast<size_t>(sqlite3_column_bytes(s, column))) : std::string();
  }
  sqlite3_stmt* s = nullptr;
};

}  // namespace

struct MirrorStore::Link {
  std::mutex mutex;
  MirrorStore* store;
};

Result<std::unique_ptr<MirrorStore>> MirrorStore::open(const std::string& path, Executor& executor) {
  auto db = open_database(path);
  if (!db && db.error().is(Reason::kGone)) {
    LOG_ERROR("mirror", db.error().message << ": put aside as " << path << ".damaged");
    std::rename(path.c_str(), (path + ".damaged").c_str());
    ::unlink((path + "-wal").c_str());
    ::unlink((path + "-shm").c_str());
    db = open_database(path);
  }
  if (!db) return internal_error(db.error().message);
  std::unique_ptr<MirrorStore> store(new MirrorStore(*db, executor));
  store->link_ = std::make_shared<Link>();
  store->link_->store = store.get();
  return store;
}

MirrorStore::~MirrorStore() {
  {
    std::lock_guard l(link_->mutex);
    link_->store = nullptr;
  }
  flush();
  sqlite3_close(db_);
}

void MirrorStore::for_each(const std::string& table, const std::function<void(const std::string&, std::string)>& f) {
  flush();
  std::vector<std::string> keys;
  {
    std::lock_guard d(db_mutex_);
    Statement s(db_, "SELECT key FROM object WHERE collection=?");
    s.bind(1, table);
    while (sqlite3_step(s.s) == SQLITE_ROW) keys.push_back(s.text(0));
  }
  for (auto& key : keys)
    if (auto value = get(table, key)) f(key, **value);
}

std::optional<Bytes> MirrorStore::get(const std::string& table, const std::string& key) {
  {
    std::lock_guard l(mutex_);
    if (auto it = waiting_.find({table, key}); it != waiting_.end())
      return it->second ? std::optional(it->second) : std::nullopt;
  }
  std::lock_guard d(db_mutex_);
  Statement s(db_, "SELECT value FROM object WHERE collection=? AND key=?");
  s.bind(1, table);
  s.bind(2, key);
  if (sqlite3_step(s.s) != SQLITE_ROW) return std::nullopt;
  return make_bytes(s.text(0));
}

void MirrorStore::put(const std::string& table, const std::string& key, Bytes value) {
  std::lock_guard l(mutex_);
  waiting_[{table, key}] = std::move(value);
  if (scheduled_) return;
  scheduled_ = true;
  executor_.post_after(kGatherTime, [link = link_] {
    std::lock_guard held(link->mutex);
    if (link->store) link->store->flush();
  });
}

void MirrorStore::flush() {
  std::lock_guard d(db_mutex_);
  decltype(waiting_) batch;
  {
    std::lock_guard l(mutex_);
    scheduled_ = false;
    batch.swap(waiting_);
  }
  if (batch.empty()) return;
  bool ok = sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
  if (ok) {
    Statement put(db_, "INSERT OR REPLACE INTO object VALUES(?,?,?)");
    Statement drop(db_, "DELETE FROM object WHERE collection=? AND key=?");
    for (auto& [id, value] : batch) {
      Statement& s = value ? put : drop;
      s.bind(1, id.first);
      s.bind(2, id.second);
      if (value) sqlite3_bind_blob(s.s, 3, value->data(), static_cast<int>(value->size()), SQLITE_STATIC);
      ok = ok && sqlite3_step(s.s) == SQLITE_DONE;
      sqlite3_reset(s.s);
    }
    ok = ok && sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  if (ok) return;
  LOG_ERROR("mirror", "cannot write the mirror: " << sqlite3_errmsg(db_) << "; kept in memory, tried again with the next change");
  sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
  std::lock_guard l(mutex_);
  waiting_.merge(batch);  // what came since is newer and stays
}

}  // namespace skerry::agent
