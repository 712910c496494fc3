#include "store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "store/sqlite_store_impl.h"

namespace skerry::store {
namespace {

constexpr size_t kMaxValue = 8 << 20;  // the API bounds bodies below that

Error stopped() { return {Reason::kServiceUnavailable, "the store is shutting down"}; }

}  // namespace

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (end.empty()) return "\xff";
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

Result<std::unique_ptr<FileLock>> FileLock::acquire(const std::string& path) {
  std::string name = path + ".lock";
  int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("open " + name, errno);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    int err = errno;
    ::close(fd);
    if (err == EWOULDBLOCK) return Error(Reason::kServiceUnavailable, path + " is in use by another process");
    return errno_error("lock " + name, err);
  }
  return std::unique_ptr<FileLock>(new FileLock(fd));
}

FileLock::~FileLock() { ::close(fd_); }

Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options, const Clock& clock) {
  auto store = std::make_unique<SqliteStore>(std::move(options), clock);
  TRY(store->open());
  return std::unique_ptr<Store>(std::move(store));
}

SqliteStore::SqliteStore(SqliteOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

SqliteStore::~SqliteStore() {
  if (!writer_thread_.joinable()) return;
  if (Status flushed = flush(); !flushed) LOG_WARN("store", "volatile values are lost: " << flushed.error().message);
  {
    std::lock_guard lock(queue_mutex_);
    stopping_ = true;
  }
  queue_changed_.notify_all();
  writer_thread_.join();
  // Nothing was handed out above the log's last revision any more: no need to jump ahead at the next start.
  (void)set_meta("bound", revision());
}

Result<Database> SqliteStore::open_database(int cache_kib) const {
  auto db = TRY(Database::open(options_.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  TRY(db.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
             "PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=4194304;"
             "PRAGMA cache_size=-" + std::to_string(cache_kib)));
  return db;
}

Status SqliteStore::open() {
  lock_ = TRY(FileLock::acquire(options_.path));
  // The file holds secrets.
  int fd = ::open(options_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("open " + options_.path, errno);
  ::close(fd);
  writer_ = TRY(open_database(options_.cache_kib));
  TRY(create_schema());
  TRY(load_meta());
  insert_ = TRY(Statement::prepare(writer_, "INSERT INTO log(id, key, deleted, value) VALUES(?1, ?2, ?3, ?4)"));
  latest_ = TRY(Statement::prepare(writer_, "SELECT id, deleted FROM log WHERE key=?1 ORDER BY id DESC LIMIT 1"));
  begin_ = TRY(Statement::prepare(writer_, "BEGIN IMMEDIATE"));
  commit_ = TRY(Statement::prepare(writer_, "COMMIT"));
  rollback_ = TRY(Statement::prepare(writer_, "ROLLBACK"));
  set_meta_ = TRY(Statement::prepare(writer_, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)"));
  scan_ = TRY(Statement::prepare(
      writer_, "SELECT id, key, deleted FROM log NOT INDEXED WHERE id>=?1 AND id<?2 ORDER BY id LIMIT ?3"));
  delete_before_ = TRY(Statement::prepare(writer_, "DELETE FROM log WHERE key=?1 AND id<?2"));
  delete_row_ = TRY(Statement::prepare(writer_, "DELETE FROM log WHERE id=?1"));
  last_flush_ = last_compact_ = clock_.mono();
  writer_thread_ = std::jthread([this] { run_writer(); });
  return {};
}

Status SqliteStore::create_schema() {
  if (TRY(writer_.number("SELECT count(*) FROM sqlite_master WHERE name='meta'")) == 0) {
    TRY(writer_.run("BEGIN IMMEDIATE;"
                    "CREATE TABLE log(id INTEGER PRIMARY KEY, key TEXT NOT NULL, deleted INTEGER NOT NULL, value BLOB);"
                    "CREATE INDEX log_key ON log(key);"
                    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
                    "INSERT INTO meta VALUES('format', " + std::to_string(kFormat) + ");"
                    "COMMIT"));
  }
  int64_t format = TRY(writer_.number("SELECT value FROM meta WHERE name='format'"));
  if (format != kFormat)
    return internal_error("store " + options_.path + " has format " + std::to_string(format) + ", this version knows " +
                          std::to_string(kFormat));
  return {};
}

Status SqliteStore::load_meta() {
  bound_ = TRY(writer_.number("SELECT value FROM meta WHERE name='bound'"));
  compacted_ = TRY(writer_.number("SELECT value FROM meta WHERE name='compacted'"));
  scanned_ = TRY(writer_.number("SELECT value FROM meta WHERE name='scanned'"));
  int64_t last = revision_of(TRY(writer_.number("SELECT max(id) FROM log")));
  next_ = std::max(last, bound_);
  revision_ = next_;
  return {};
}

void SqliteStore::set_listener(Listener listener) {
  (void)on_writer([&]() -> Status {
    listener_ = std::move(listener);
    return {};
  });
}

Result<int64_t> SqliteStore::commit(Transaction transaction) {
  if (transaction.operations.empty() || transaction.operations.size() > Transaction::kMaxOperations)
    return internal_error("a transaction holds 1 to 256 operations");
  for (const Operation& op : transaction.operations) {
    if (op.kind == Operation::Kind::kPut && op.value == nullptr) return internal_error("a put needs a value");
    if (op.value && op.value->size() > kMaxValue) return Error(Reason::kRequestEntityTooLarge, "the object is too large");
  }
  auto pending = std::make_shared<Pending>();
  pending->transaction = std::move(transaction);
  {
    std::lock_guard lock(queue_mutex_);
    if (stopping_) return stopped();
    if (queue_.size() >= options_.max_queue) {
      Error e(Reason::kTooManyRequests, "too many writes are waiting for the disk");
      e.retry_after_s = 1;
      return e;
    }
    queue_.push_back(pending);
    if (queue_.size() == 1) queue_changed_.notify_one();
  }
  pending->done.wait(0, std::memory_order_acquire);
  return std::move(pending->result);
}

Status SqliteStore::on_writer(std::function<Status()> run) {
  auto task = std::make_shared<Task>();
  task->run = std::move(run);
  {
    std::lock_guard lock(queue_mutex_);
    if (stopping_) return stopped();
    tasks_.push_back(task);
  }
  queue_changed_.notify_one();
  task->done.wait(0, std::memory_order_acquire);
  return std::move(task->result);
}

Status SqliteStore::flush() {
  return on_writer([this] { return write_volatile(); });
}

Status SqliteStore::compact(int64_t revision) {
  bool more = true;
  TRY(on_writer([&]() -> Status {
    int64_t target = std::min(revision, next_);
    if (target <= compacted()) return {};
    TRY(set_meta("compacted", target));
    compacted_ = target;
    return {};
  }));
  // One batch per task, so that writes go on between them.
  while (more) TRY(on_writer([&] { return compact_step(more); }));
  return {};
}

Store::Stats SqliteStore::stats() const {
  Stats s;
  s.commits = commits_;
  s.groups = groups_;
  s.volatile_commits = volatile_commits_;
  s.failures = failures_;
  for (const char* suffix : {"", "-wal"}) {
    struct stat st;
    if (::stat((options_.path + suffix).c_str(), &st) == 0) s.bytes_on_disk += st.st_size;
  }
  return s;
}

}  // namespace skerry::store
