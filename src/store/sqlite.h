// Database and Statement: SQLite with Results instead of codes. Each Database belongs to one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::store {

class Database {
 public:
  Database() = default;
  Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}
  Database& operator=(Database&& other) noexcept;
  ~Database() { close(); }

  // `flags`: SQLITE_OPEN_...; NOMUTEX is added.
  static Result<Database> open(const std::string& path, int flags);
  void close();

  // Statements without results.
  Status run(const std::string& sql);
  // The first column of the first row; 0 if there is none.
  Result<int64_t> number(const std::string& sql);
  // What went wrong last. Full and failing disks are ServiceUnavailable, all else InternalError.
  Error error(int code, std::string_view what) const;
  sqlite3* handle() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  sqlite3* handle_ = nullptr;
  std::string path_;
};

// A prepared statement. Text and blobs are bound by reference: they must live until the next reset().
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept : db_(other.db_), handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  static Result<Statement> prepare(const Database& db, const char* sql);

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  // True: there is a row. Resets itself when done or failed.
  Result<bool> step();
  Status run();  // step() once, then reset
  void reset();

  int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

 private:
  const Database* db_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace skerry::store
