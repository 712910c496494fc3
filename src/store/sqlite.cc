#include "store/sqlite.h"

#include <utility>

namespace skerry::store {

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::exchange(other.handle_, nullptr);
    path_ = std::move(other.path_);
  }
  return *this;
}

Result<Database> Database::open(const std::string& path, int flags) {
  Database db;
  db.path_ = path;
  int code = sqlite3_open_v2(path.c_str(), &db.handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return db.error(code, "open");
  sqlite3_extended_result_codes(db.handle_, 1);
  sqlite3_busy_timeout(db.handle_, 10'000);
  return db;
}

void Database::close() {
  if (handle_ != nullptr) sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

Status Database::run(const std::string& sql) {
  int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, sql);
  return {};
}

Result<int64_t> Database::number(const std::string& sql) {
  auto statement = TRY(Statement::prepare(*this, sql.c_str()));
  if (!TRY(statement.step())) return int64_t{0};
  return statement.integer(0);
}

Error Database::error(int code, std::string_view what) const {
  std::string detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_FULL: {
      Error e(Reason::kServiceUnavailable, "the store's disk is full (" + path_ + "): nothing was written");
      e.retry_after_s = 1;
      return e;
    }
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_READONLY: {
      Error e(Reason::kServiceUnavailable, "the store cannot write " + path_ + ": " + detail);
      e.retry_after_s = 1;
      return e;
    }
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return internal_error("the store's file " + path_ + " is damaged: " + detail + "; restore a snapshot");
    default:
      return internal_error("store " + path_ + ": " + std::string(what) + ": " + detail);
  }
}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(db_, other.db_);
  std::swap(handle_, other.handle_);
  return *this;
}

Statement::~Statement() {
  if (handle_ != nullptr) sqlite3_finalize(handle_);
}

Result<Statement> Statement::prepare(const Database& db, const char* sql) {
  Statement s;
  s.db_ = &db;
  int code = sqlite3_prepare_v3(db.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &s.handle_, nullptr);
  if (code != SQLITE_OK) return db.error(code, sql);
  return s;
}

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(handle_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(handle_, index, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  Error error = code == SQLITE_DONE ? Error() : db_->error(code, sqlite3_sql(handle_));
  reset();
  if (code == SQLITE_DONE) return false;
  return error;
}

Status Statement::run() {
  auto stepped = step();
  if (!stepped) return stepped.error();
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

std::string_view Statement::text(int column) const {
  auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return data == nullptr ? std::string_view() : std::string_view(data, sqlite3_column_bytes(handle_, column));
}

std::string_view Statement::blob(int column) const {
  auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return data == nullptr ? std::string_view() : std::string_view(data, sqlite3_column_bytes(handle_, column));
}

}  // namespace skerry::store
