// Reads, snapshots and restore.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "store/sqlite_store_impl.h"

namespace skerry::store {
namespace {

constexpr int64_t kRestoreJump = 1'000'000;  // more than anyone has seen beyond the snapshot
constexpr int kReaderCacheKib = 256;

Bytes blob_bytes(const Statement& s, int column) { return make_bytes(std::string(s.blob(column))); }

Error compacted_error(int64_t asked, int64_t compacted) {
  return {Reason::kExpired,
          "too old resource version: " + std::to_string(asked) + " (" + std::to_string(compacted) + ")"};
}

Status sync_path(const std::string& path, int flags) {
  int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return errno_error("open " + path, errno);
  int result = fsync(fd);
  int err = errno;
  ::close(fd);
  if (result != 0) return errno_error("fsync " + path, err);
  return {};
}

// Makes `from` appear as `to`, durably.
Status publish_file(const std::string& from, const std::string& to) {
  TRY(sync_path(from, O_RDONLY));
  if (std::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename to " + to, errno);
  auto folder = std::filesystem::path(to).parent_path().string();
  return sync_path(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
}

}  // namespace

Result<Value> SqliteStore::get(std::string_view key) {
  std::shared_lock present(apply_mutex_);
  if (auto it = volatile_.find(key); it != volatile_.end())
    return Value{std::string(key), it->second.revision, it->second.value};
  std::lock_guard lock(reader_mutex_);
  if (!reader_) reader_ = TRY(open_database(kReaderCacheKib));
  auto s = TRY(Statement::prepare(reader_, "SELECT id, deleted, value FROM log WHERE key=?1 ORDER BY id DESC LIMIT 1"));
  if (!TRY(s.bind(1, key).step()) || s.integer(1) != 0)
    return Error(Reason::kNotFound, std::string(key) + " not found");
  return Value{std::string(key), revision_of(s.integer(0)), blob_bytes(s, 2)};
}

Result<Page> SqliteStore::read(std::string_view prefix, std::string_view after, size_t limit, int64_t at_revision) {
  std::shared_lock present(apply_mutex_, std::defer_lock);
  Page page;
  std::map<std::string, VolatileValue, std::less<>> overlay;
  std::string begin(after.empty() ? prefix : after);
  std::string end = prefix_end(prefix);
  if (at_revision == 0) {
    present.lock();
    page.revision = revision();
    for (auto it = volatile_.lower_bound(begin); it != volatile_.end() && it->first < end; ++it)
      if (after.empty() || it->first > after) overlay.insert(*it);
  } else {
    page.revision = at_revision;
  }
  std::lock_guard lock(reader_mutex_);
  if (!reader_) reader_ = TRY(open_database(kReaderCacheKib));
  std::string sql = std::string("SELECT id, key, value FROM log AS l WHERE key") + (after.empty() ? ">=" : ">") +
                    "?1 AND key<?2 AND id<?3 AND id=(SELECT max(id) FROM log WHERE key=l.key AND id<?3)"
                    " AND deleted=0 ORDER BY key LIMIT ?4";
  auto s = TRY(Statement::prepare(reader_, sql.c_str()));
  int64_t sql_limit = limit == 0 ? -1 : static_cast<int64_t>(limit + 1);
  s.bind(1, begin).bind(2, end).bind(3, first_id(at_revision == 0 ? INT64_MAX >> (kSubBits + 1) : at_revision + 1));
  s.bind(4, sql_limit);
  bool full = false;
  auto add = [&](Value value) {
    if (limit != 0 && page.values.size() == limit) { full = true; return; }
    page.values.push_back(std::move(value));
  };
  auto next = overlay.begin();
  while (!full && TRY(s.step())) {
    std::string_view key = s.text(1);
    while (next != overlay.end() && next->first < key) {
      add({next->first, next->second.revision, next->second.value});
      ++next;
    }
    if (next != overlay.end() && next->first == key) {
      add({next->first, next->second.revision, next->second.value});
      ++next;
    } else {
      add({std::string(key), revision_of(s.integer(0)), blob_bytes(s, 2)});
    }
  }
  for (; !full && next != overlay.end(); ++next) add({next->first, next->second.revision, next->second.value});
  page.more = full;
  // Checked last: a compaction that ran meanwhile may have taken what was to be read.
  if (at_revision != 0 && at_revision < compacted()) return compacted_error(at_revision, compacted());
  return page;
}

Result<std::vector<Change>> SqliteStore::changes_since(int64_t since, std::string_view prefix, size_t limit) {
  std::vector<Change> changes;
  std::lock_guard lock(reader_mutex_);
  if (!reader_) reader_ = TRY(open_database(kReaderCacheKib));
  TRY(reader_.run("BEGIN"));
  struct End {
    Database& db;
    ~End() { (void)db.run("COMMIT"); }
  };
  {
    End end{reader_};
    std::string key_end = prefix_end(prefix);
    auto s = TRY(Statement::prepare(reader_, "SELECT id, key, deleted, value FROM log NOT INDEXED"
                                             " WHERE id>=?1 AND key>=?2 AND key<?3 ORDER BY id"));
    auto previous = TRY(Statement::prepare(
        reader_, "SELECT id, deleted, value FROM log WHERE key=?1 AND id<?2 ORDER BY id DESC LIMIT 1"));
    s.bind(1, first_id(since + 1)).bind(2, prefix).bind(3, key_end);
    while (TRY(s.step())) {
      int64_t revision = revision_of(s.integer(0));
      if (changes.size() >= limit && changes.back().revision != revision) break;
      Change change{revision, std::string(s.text(1)), nullptr, nullptr, 0};
      if (s.integer(2) == 0) change.value = blob_bytes(s, 3);
      previous.bind(1, change.key).bind(2, s.integer(0));
      if (TRY(previous.step())) {
        if (previous.integer(1) == 0) {
          change.previous = blob_bytes(previous, 2);
          change.previous_revision = revision_of(previous.integer(0));
        }
        previous.reset();
      }
      changes.push_back(std::move(change));
    }
    s.reset();
  }
  if (since < compacted()) return compacted_error(since, compacted());
  return changes;
}

Status SqliteStore::snapshot(const std::string& path) {
  TRY(flush());
  std::string draft = path + ".tmp";
  (void)::unlink(draft.c_str());
  Status done = [&]() -> Status {
    // Its own connection: a long copy must not hold up reads. Created first, so that the mode is right.
    auto db = TRY(open_database(kReaderCacheKib));
    int fd = ::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return errno_error("create " + draft, errno);
    ::close(fd);
    auto s = TRY(Statement::prepare(db, "VACUUM INTO ?1"));
    TRY(s.bind(1, draft).run());
    return publish_file(draft, path);
  }();
  if (!done) (void)::unlink(draft.c_str());
  return done;
}

Status restore_sqlite_snapshot(const std::string& snapshot, const std::string& path) {
  auto file_lock = TRY(FileLock::acquire(path));
  std::string draft = path + ".restore";
  auto discard = [&](Error error) -> Status {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) (void)::unlink((draft + suffix).c_str());
    return error;
  };
  std::error_code ec;
  std::filesystem::copy_file(snapshot, draft, std::filesystem::copy_options::overwrite_existing, ec);
  if (ec) return discard(internal_error("cannot copy " + snapshot + " to " + draft + ": " + ec.message()));
  (void)::chmod(draft.c_str(), 0600);
  Status checked = [&]() -> Status {
    auto db = TRY(Database::open(draft, SQLITE_OPEN_READWRITE));
    {
      auto check = TRY(Statement::prepare(db, "PRAGMA integrity_check(1)"));
      if (!TRY(check.step()) || check.text(0) != "ok")
        return internal_error("snapshot " + snapshot + " is damaged: " + std::string(check.text(0)));
    }
    int64_t format = TRY(db.number("SELECT value FROM meta WHERE name='format'"));
    if (format != kFormat) return internal_error("snapshot " + snapshot + " has the unknown format " + std::to_string(format));
    int64_t bound = TRY(db.number("SELECT value FROM meta WHERE name='bound'"));
    int64_t last = revision_of(TRY(db.number("SELECT max(id) FROM log")));
    std::string jump = std::to_string(std::max(bound, last) + kRestoreJump);
    return db.run("BEGIN; INSERT OR REPLACE INTO meta VALUES('bound', " + jump +
                  "); INSERT OR REPLACE INTO meta VALUES('compacted', " + jump + "); COMMIT");
  }();
  if (!checked) return discard(checked.error());
  // The old store's write-ahead log must not be replayed over the new file; opening and closing merges it.
  if (std::filesystem::exists(path, ec)) {
    auto old = Database::open(path, SQLITE_OPEN_READWRITE);
    if (old) (void)old->run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  for (const char* suffix : {"-wal", "-shm"}) (void)::unlink((path + suffix).c_str());
  if (Status s = publish_file(draft, path); !s) return discard(s.error());
  return {};
}

}  // namespace skerry::store
