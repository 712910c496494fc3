// Store: a revision log of keys and opaque values. One transaction, one revision.
//
// Promises: commit() returns after the write is on disk; revisions only grow and are never used twice, also after a
// crash or a restore; changes reach the listener in the order of their revisions, before commit() returns.
// Volatile transactions (heartbeats) take part in the same sequence but live in memory and reach the disk rarely:
// after a crash an older value may come back, never an older revision counter.
//
// Implementation: store/sqlite_store.h. Others (replicated, etcd) can stand behind the same interface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace skerry::store {

struct Operation {
  enum class Kind : uint8_t { kPut, kDelete };
  static constexpr int64_t kAny = -1;

  Kind kind = Kind::kPut;
  std::string key;          // "/registry/pods/default/x"
  Bytes value;              // for kPut
  int64_t expected = kAny;  // the key's current revision; 0: it must not exist; kAny: no condition
};

// At most kMaxOperations, all of them or none.
struct Transaction {
  static constexpr size_t kMaxOperations = 256;
  std::vector<Operation> operations;
  bool is_volatile = false;             // may be lost in a crash, see above
  std::shared_ptr<const void> context;  // handed to the listener untouched: what the caller knows already
};

// A value as it was at some revision.
struct Value {
  std::string key;
  int64_t revision = 0;  // of the transaction that wrote it
  Bytes value;
};

struct Page {
  std::vector<Value> values;  // sorted by key
  bool more = false;          // there are keys behind the last one
  int64_t revision = 0;       // what was read: all changes up to it
};

// One entry of the log.
struct Change {
  int64_t revision = 0;
  std::string key;
  Bytes value;     // null: deleted
  Bytes previous;  // null: there was none
  int64_t previous_revision = 0;
};

// Called by the thread that applies transactions, in order of revision, once they are durable.
using Listener = std::function<void(int64_t revision, const Transaction& transaction)>;

class Store {
 public:
  virtual ~Store() = default;

  // Before the first commit; once.
  virtual void set_listener(Listener listener) = 0;

  // The new revision. Conflict: a condition did not hold, nothing was written. ServiceUnavailable: the disk is full
  // or failing, nothing was acknowledged. Thread-safe; blocks until durable (volatile: until applied).
  virtual Result<int64_t> commit(Transaction transaction) = 0;

  // The last revision applied.
  virtual int64_t revision() const = 0;
  // Reads below it answer Expired.
  virtual int64_t compacted() const = 0;

  // The value of `key`, NotFound if it has none.
  virtual Result<Value> get(std::string_view key) = 0;
  // Keys that start with `prefix` and are greater than `after` (empty: all), at most `limit` (0: no limit), as of
  // `at_revision` (0: now). Older revisions do not know volatile values that were not flushed.
  virtual Result<Page> read(std::string_view prefix, std::string_view after = "", size_t limit = 0,
                            int64_t at_revision = 0) = 0;
  // Changes of keys with `prefix` after `revision`, oldest first, about `limit` (a revision is never split).
  // Volatile changes that were not flushed are missing. Expired if `revision` is compacted.
  virtual Result<std::vector<Change>> changes_since(int64_t revision, std::string_view prefix, size_t limit) = 0;

  // Forgets what was superseded up to `revision`.
  virtual Status compact(int64_t revision) = 0;
  // Brings volatile values to disk.
  virtual Status flush() = 0;
  // A consistent copy in one file that restore accepts; `path` appears complete or not at all.
  virtual Status snapshot(const std::string& path) = 0;

  struct Stats {
    uint64_t commits = 0;       // transactions acknowledged
    uint64_t groups = 0;        // durable groups, one fsync each
    uint64_t volatile_commits = 0;
    uint64_t failures = 0;
    int64_t bytes_on_disk = 0;
  };
  virtual Stats stats() const = 0;
};

}  // namespace skerry::store
