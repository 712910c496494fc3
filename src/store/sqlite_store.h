// SqliteStore: Store in one SQLite file (WAL, synchronous=FULL).
//
// One writer thread owns the writing connection and the revision. It takes all waiting transactions, commits them as
// one group (one fsync), tells the listener and wakes the callers. Reads use a second connection under a lock.
//
// Format, version 1:
//   log(id INTEGER PRIMARY KEY, key TEXT, deleted INTEGER, value BLOB), id = revision * 256 + index in the transaction
//   index log_key(key, id)
//   meta(name TEXT PRIMARY KEY, value INTEGER): format, bound (no revision above was handed out, unless it is in the
//     log), compacted (reads below answer Expired), scanned (superseded entries up to it are deleted)
// Rejected: a table of current values beside the log (every write would touch one B-tree more).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "store/store.h"

namespace skerry::store {

struct SqliteOptions {
  std::string path;                                 // "<data-dir>/server/state.db"; the folder must exist
  std::chrono::nanoseconds keep{std::chrono::minutes(5)};  // history for watches and paged lists
  int64_t compact_after = 1000;                     // compact when so many revisions are older than `keep` ...
  std::chrono::nanoseconds compact_every{std::chrono::hours(1)};  // ... or so much time went by since the last one
  std::chrono::nanoseconds flush_every{std::chrono::hours(1)};    // volatile values: 24 small writes a day
  int64_t bound_step = 10000;                       // revisions reserved ahead for volatile writes
  int cache_kib = 1024;                             // SQLite's page cache of the writer
  size_t max_queue = 4096;                          // waiting transactions; more get TooManyRequests
};

// Opens or creates. ServiceUnavailable if another process has it open; InternalError with the reason where the file
// is no store or cannot be written. Destroying it flushes and closes.
Result<std::unique_ptr<Store>> open_sqlite_store(SqliteOptions options, const Clock& clock);

// Replaces the store at `path` (not open) by the snapshot. The revision jumps ahead so that nobody who saw the old
// store can mistake an old revision for a new one. The snapshot is checked first; on failure nothing is changed.
Status restore_sqlite_snapshot(const std::string& snapshot, const std::string& path);

}  // namespace skerry::store
