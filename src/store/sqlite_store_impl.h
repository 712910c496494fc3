// SqliteStore: the implementation behind sqlite_store.h, split over sqlite_store.cc (life, callers), sqlite_writer.cc
// (the writer thread) and sqlite_reader.cc (reads).
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/sqlite.h"
#include "store/sqlite_store.h"

namespace skerry::store {

inline constexpr int64_t kFormat = 1;
inline constexpr int kSubBits = 8;  // id = revision << kSubBits | index in the transaction
inline constexpr int64_t first_id(int64_t revision) { return revision << kSubBits; }
inline constexpr int64_t revision_of(int64_t id) { return id >> kSubBits; }

// The least text greater than all that start with `prefix`; the keys are below it. (Keys are ASCII.)
std::string prefix_end(std::string_view prefix);

// Holds `<path>.lock` (flock) for its lifetime.
class FileLock {
 public:
  static Result<std::unique_ptr<FileLock>> acquire(const std::string& path);
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(SqliteOptions options, const Clock& clock);
  ~SqliteStore() override;
  Status open();

  void set_listener(Listener listener) override;
  Result<int64_t> commit(Transaction transaction) override;
  int64_t revision() const override { return revision_.load(std::memory_order_acquire); }
  int64_t compacted() const override { return compacted_.load(std::memory_order_acquire); }
  Result<Value> get(std::string_view key) override;
  Result<Page> read(std::string_view prefix, std::string_view after, size_t limit, int64_t at_revision) override;
  Result<std::vector<Change>> changes_since(int64_t revision, std::string_view prefix, size_t limit) override;
  Status compact(int64_t revision) override;
  Status flush() override;
  Status snapshot(const std::string& path) override;
  Stats stats() const override;

 private:
  // A transaction that waits, on its caller's behalf.
  struct Pending {
    Transaction transaction;
    Result<int64_t> result = int64_t{0};
    std::atomic<uint32_t> done{0};
  };
  using PendingPtr = std::shared_ptr<Pending>;
  // A task for the writer thread between groups.
  struct Task {
    std::function<Status()> run;
    Status result;
    std::atomic<uint32_t> done{0};
  };
  struct Latest {
    int64_t revision = 0;  // 0: never existed, or forgotten
    bool exists = false;
  };
  struct VolatileValue {
    int64_t revision = 0;
    Bytes value;
  };
  struct Mark {
    MonoTime at;
    int64_t revision = 0;
    int64_t rows = 0;  // durable rows written until then
  };

  Status on_writer(std::function<Status()> run);
  Result<Database> open_database(int cache_kib) const;
  Status create_schema();
  Status load_meta();

  // Writer thread.
  void run_writer();
  void run_group(std::vector<PendingPtr>& group);
  Result<int64_t> stage(Pending& pending, bool& begun);
  Result<Latest> latest(const std::string& key);
  Status begin(bool& begun);
  Status set_meta(std::string_view name, int64_t value);
  Status write_volatile();
  Status compact_step(bool& more);
  void maintain();
  Status write_atomically(const std::function<Status()>& body);

  const SqliteOptions options_;
  const Clock& clock_;
  std::unique_ptr<FileLock> lock_;

  // Writer thread only (after open()).
  Database writer_;
  Statement insert_, latest_, begin_, commit_, rollback_, set_meta_, scan_, delete_before_, delete_row_;
  std::unordered_map<std::string, Latest> staged_;  // of the group being written
  int64_t next_ = 0;                                // last revision given out, in the group being written
  int64_t bound_ = 0;
  int64_t staged_bound_ = 0;
  int64_t scanned_ = 0;
  int64_t rows_ = 0;
  int64_t rows_compacted_ = 0;
  std::deque<Mark> marks_;
  MonoTime last_flush_, last_compact_;
  Listener listener_;

  std::atomic<int64_t> revision_{0};
  std::atomic<int64_t> compacted_{0};
  std::atomic<uint64_t> commits_{0}, groups_{0}, volatile_commits_{0}, failures_{0};

  // Taken exclusively by the writer around COMMIT and the update of volatile_, shared by reads of the present.
  mutable std::shared_mutex apply_mutex_;
  std::map<std::string, VolatileValue, std::less<>> volatile_;

  std::mutex reader_mutex_;
  Database reader_;

  std::mutex queue_mutex_;  // guards all below
  std::condition_variable queue_changed_;
  std::deque<PendingPtr> queue_;
  std::deque<std::shared_ptr<Task>> tasks_;
  bool stopping_ = false;
  std::jthread writer_thread_;
};

}  // namespace skerry::store
