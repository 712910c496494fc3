// MirrorStore: the mirror's file: objects by collection and key, and notes of the agent's own.
//
// Thread-safe. Writes are gathered and committed together some time later, to be gentle with flash.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/executor.h"
#include "base/result.h"

struct sqlite3;

namespace skerry::agent {

class MirrorStore {
 public:
  // Creates the file with mode 0600 where it is missing; a damaged one is put aside (".damaged") and begun anew.
  static Result<std::unique_ptr<MirrorStore>> open(const std::string& path, Executor& executor);
  ~MirrorStore();  // flush()

  void for_each(const std::string& table, const std::function<void(const std::string& key, std::string value)>& f);
  std::optional<Bytes> get(const std::string& table, const std::string& key);
  // Null removes.
  void put(const std::string& table, const std::string& key, Bytes value);
  void flush();

 private:
  MirrorStore(sqlite3* db, Executor& executor) : db_(db), executor_(executor) {}
  struct Link;  // lets the timer find out that the store is gone

  sqlite3* db_;
  Executor& executor_;
  std::mutex db_mutex_;  // guards db_; taken before mutex_
  std::mutex mutex_;     // guards all below
  std::map<std::pair<std::string, std::string>, Bytes> waiting_;
  bool scheduled_ = false;
  std::shared_ptr<Link> link_;
};

}  // namespace skerry::agent
