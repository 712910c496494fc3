// Tar streams as `cp` exchanges them with the tar of a container: ustar, pax and GNU long names. No sparse files.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::kubectl {

struct TarEntry {
  std::string name{};
  std::string link{};   // of symbolic ('2') and hard ('1') links
  char type = '0';      // '0' file, '1', '2', '5' directory, others as in the header
  uint64_t size = 0;    // of the data that follows; only files have any
  uint32_t mode = 0644;
  uint32_t uid = 0, gid = 0;
  int64_t mtime_s = 0;

  bool is_directory() const { return type == '5' || (type == '0' && !name.empty() && name.back() == '/'); }
};

// Takes a tar stream in any pieces. Names are at most 64 KiB, headers checked by their sums.
class TarParser {
 public:
  struct Callbacks {
    std::function<Status(const TarEntry&)> on_entry;
    std::function<Status(std::string_view)> on_data;  // of the entry last told
    std::function<Status()> on_end;                   // of that entry
  };
  explicit TarParser(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  // An Error is a malformed stream or came from a callback; nothing may follow it. What comes after the end is ignored.
  Status feed(std::string_view bytes);
  // The stream may end here: at its end mark, or between two entries.
  bool complete() const { return done_ || (state_ == State::kHeader && block_.empty() && long_name_.empty()); }
  bool empty() const { return !seen_; }

 private:
  enum class State { kHeader, kData, kPadding, kMeta };
  Status header();
  Status meta_done();
  Status data_done();
  Status read_pax(std::string_view text);

  const Callbacks callbacks_;
  State state_ = State::kHeader;
  bool done_ = false, seen_ = false;
  std::string block_;      // a header, until complete
  TarEntry entry_;
  uint64_t left_ = 0;      // data of this entry
  uint64_t padding_ = 0;
  std::string meta_;       // content of a pax or GNU header
  std::string long_name_, long_link_;
  std::map<std::string, std::string> pax_;
};

// The header of an entry (pax headers before it where ustar has no room). The data, padded by tar_padding(), follows.
std::string tar_header(const TarEntry& entry);
std::string tar_padding(uint64_t size);
// Two empty blocks.
std::string tar_end();

}  // namespace skerry::kubectl
