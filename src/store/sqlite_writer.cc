// The writer thread of SqliteStore.
#include <algorithm>

#include "base/log.h"
#include "store/sqlite_store_impl.h"

namespace skerry::store {
namespace {

constexpr size_t kMaxGroup = 512;       // transactions per fsync
constexpr size_t kCompactBatch = 500;   // log entries looked at per transaction of a compaction
constexpr std::chrono::seconds kMaintainEvery{60};

}  // namespace

void SqliteStore::run_writer() {
  std::vector<PendingPtr> group;
  MonoTime next_maintenance = clock_.mono() + kMaintainEvery;
  while (true) {
    std::shared_ptr<Task> task;
    {
      std::unique_lock lock(queue_mutex_);
      queue_changed_.wait_for(lock, kMaintainEvery, [&] { return stopping_ || !queue_.empty() || !tasks_.empty(); });
      while (!queue_.empty() && group.size() < kMaxGroup) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      if (stopping_ && group.empty() && !task) return;
    }
    if (!group.empty()) run_group(group);
    group.clear();
    if (task) {
      task->result = task->run();
      task->done.store(1, std::memory_order_release);
      task->done.notify_one();
    }
    if (clock_.mono() >= next_maintenance) {
      next_maintenance = clock_.mono() + kMaintainEvery;
      maintain();
    }
  }
}

void SqliteStore::run_group(std::vector<PendingPtr>& group) {
  const int64_t before = next_;
  staged_bound_ = bound_;
  staged_.clear();
  bool begun = false;
  Status outcome;
  for (PendingPtr& pending : group) {
    pending->result = stage(*pending, begun);
    // A lost condition concerns one transaction, anything else the whole group.
    if (!pending->result && !pending->result.error().is(Reason::kConflict)) {
      outcome = pending->result.error();
      break;
    }
  }
  {
    std::unique_lock lock(apply_mutex_);
    if (outcome && begun) outcome = commit_.run();
    if (outcome) {
      for (PendingPtr& pending : group) {
        if (!pending->result) continue;
        int64_t revision = *pending->result;
        const Transaction& transaction = pending->transaction;
        for (const Operation& op : transaction.operations) {
          if (transaction.is_volatile && op.kind == Operation::Kind::kPut)
            volatile_.insert_or_assign(op.key, VolatileValue{revision, op.value});
          else if (!volatile_.empty())
            volatile_.erase(op.key);
        }
      }
    }
  }
  if (!outcome) {
    if (begun && sqlite3_get_autocommit(writer_.handle()) == 0) (void)rollback_.run();
    next_ = before;
    ++failures_;
    LOG_ERROR("store", "a write of " << group.size() << " transactions failed: " << outcome.error().message);
    for (PendingPtr& pending : group) pending->result = outcome.error();
  } else {
    bound_ = staged_bound_;
    if (begun) ++groups_;
    for (PendingPtr& pending : group) {
      if (!pending->result) continue;
      ++commits_;
      if (pending->transaction.is_volatile) ++volatile_commits_;
      else rows_ += static_cast<int64_t>(pending->transaction.operations.size());
      revision_.store(*pending->result, std::memory_order_release);
      if (listener_) listener_(*pending->result, pending->transaction);
    }
  }
  for (PendingPtr& pending : group) {
    pending->done.store(1, std::memory_order_release);
    pending->done.notify_one();
  }
}

// Checks the conditions against what the group has staged so far and writes the rows.
Result<int64_t> SqliteStore::stage(Pending& pending, bool& begun) {
  const Transaction& transaction = pending.transaction;
  for (const Operation& op : transaction.operations) {
    if (op.expected == Operation::kAny) continue;
    Latest now = TRY(latest(op.key));
    if ((now.exists ? now.revision : 0) != op.expected) return Error(Reason::kConflict, op.key + " has changed");
  }
  const int64_t revision = next_ + 1;
  if (!transaction.is_volatile) {
    TRY(begin(begun));
    int64_t id = first_id(revision);
    for (const Operation& op : transaction.operations) {
      bool deleted = op.kind == Operation::Kind::kDelete;
      insert_.bind(1, id++).bind(2, op.key).bind(3, int64_t{deleted});
      if (!deleted) insert_.bind_blob(4, *op.value);
      TRY(insert_.run());
    }
  } else if (revision > staged_bound_) {
    // What a crash must not take back: that this revision was handed out.
    TRY(begin(begun));
    TRY(set_meta("bound", revision + options_.bound_step));
    staged_bound_ = revision + options_.bound_step;
  }
  next_ = revision;
  for (const Operation& op : transaction.operations)
    staged_[op.key] = {revision, op.kind == Operation::Kind::kPut};
  return revision;
}

Result<SqliteStore::Latest> SqliteStore::latest(const std::string& key) {
  if (auto it = staged_.find(key); it != staged_.end()) return it->second;
  // Only this thread changes volatile_, so no lock is needed to look.
  if (auto it = volatile_.find(key); it != volatile_.end()) return Latest{it->second.revision, true};
  latest_.bind(1, key);
  Latest found;
  if (TRY(latest_.step())) {
    found = {revision_of(latest_.integer(0)), latest_.integer(1) == 0};
    latest_.reset();
  }
  return found;
}

Status SqliteStore::begin(bool& begun) {
  if (begun) return {};
  TRY(begin_.run());
  begun = true;
  return {};
}

Status SqliteStore::set_meta(std::string_view name, int64_t value) {
  return set_meta_.bind(1, name).bind(2, value).run();
}

Status SqliteStore::write_atomically(const std::function<Status()>& body) {
  TRY(begin_.run());
  Status done = body();
  if (done) done = commit_.run();
  if (!done && sqlite3_get_autocommit(writer_.handle()) == 0) (void)rollback_.run();
  return done;
}

// Volatile values keep the revisions they were given, so their entries may stand before later ones in the log.
Status SqliteStore::write_volatile() {
  last_flush_ = clock_.mono();
  if (volatile_.empty()) return {};
  std::unique_lock lock(apply_mutex_);
  TRY(write_atomically([&]() -> Status {
    for (const auto& [key, value] : volatile_) {
      int64_t id = first_id(value.revision);
      // A transaction may have written several keys: find a free index.
      while (TRY(writer_.number("SELECT count(*) FROM log WHERE id=" + std::to_string(id))) != 0) ++id;
      TRY(insert_.bind(1, id).bind(2, key).bind(3, int64_t{0}).bind_blob(4, *value.value).run());
      // Compaction has passed this place already and will not come back.
      if (value.revision <= scanned_) TRY(delete_before_.bind(1, key).bind(2, id).run());
    }
    return {};
  }));
  rows_ += static_cast<int64_t>(volatile_.size());
  volatile_.clear();
  return {};
}

// Deletes what entries in (scanned_, compacted_] supersede, one batch of them.
Status SqliteStore::compact_step(bool& more) {
  more = false;
  const int64_t target = compacted();
  if (scanned_ >= target) return {};
  struct Entry { int64_t id; std::string key; bool deleted; };
  std::vector<Entry> entries;
  scan_.bind(1, first_id(scanned_ + 1)).bind(2, first_id(target + 1)).bind(3, int64_t{kCompactBatch});
  while (TRY(scan_.step())) entries.push_back({scan_.integer(0), std::string(scan_.text(1)), scan_.integer(2) != 0});
  more = entries.size() == kCompactBatch;
  // A revision cut by the batch is looked at again.
  int64_t reached = more ? std::max(revision_of(entries.back().id) - 1, scanned_ + 1) : target;
  TRY(write_atomically([&]() -> Status {
    for (const Entry& entry : entries) {
      TRY(delete_before_.bind(1, entry.key).bind(2, entry.id).run());
      if (entry.deleted) TRY(delete_row_.bind(1, entry.id).run());
    }
    // The log may lose its last entry (a deletion): the counter must not go back with it.
    if (next_ > bound_) TRY(set_meta("bound", next_));
    return set_meta("scanned", reached);
  }));
  bound_ = std::max(bound_, next_);
  scanned_ = reached;
  return {};
}

void SqliteStore::maintain() {
  const MonoTime now = clock_.mono();
  if (!volatile_.empty() && now - last_flush_ >= options_.flush_every)
    if (Status s = write_volatile(); !s) LOG_WARN("store", "heartbeats stay in memory: " << s.error().message);
  if (marks_.empty() || marks_.back().revision != next_) marks_.push_back({now, next_, rows_});
  // The last mark that is old enough.
  Mark target;
  while (!marks_.empty() && marks_.front().at <= now - options_.keep) {
    target = marks_.front();
    marks_.pop_front();
  }
  if (target.revision > compacted()) {
    int64_t rows = target.rows - rows_compacted_;
    if (rows >= options_.compact_after || (rows > 0 && now - last_compact_ >= options_.compact_every)) {
      last_compact_ = now;
      rows_compacted_ = target.rows;
      if (Status s = set_meta("compacted", target.revision); s) compacted_ = target.revision;
      else LOG_WARN("store", "cannot compact: " << s.error().message);
    } else {
      marks_.push_front(target);  // kept as the candidate for the next time
    }
  }
  if (scanned_ < compacted()) {
    // Continue in steps behind the writes that wait.
    auto task = std::make_shared<Task>();
    task->run = [this]() -> Status {
      bool more = false;
      Status s = compact_step(more);
      if (s && more) {
        auto again = std::make_shared<Task>();
        again->run = [this] { maintain(); return Status(); };
        std::lock_guard lock(queue_mutex_);
        if (!stopping_) tasks_.push_back(again);
      }
      return s;
    };
    std::lock_guard lock(queue_mutex_);
    tasks_.push_back(task);
  }
}

}  // namespace skerry::store
