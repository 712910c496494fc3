#include "kubectl/streaming/tar.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/strings.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kMaxMeta = 256 << 10;
constexpr size_t kMaxName = 64 << 10;

Error malformed(std::string what) { return Error(Reason::kUnknown, "archive/tar: " + std::move(what)); }

// A number of a header: octal text, or GNU's base 256.
Result<uint64_t> number(std::string_view field) {
  if (!field.empty() && (static_cast<unsigned char>(field[0]) & 0x80)) {
    uint64_t value = static_cast<unsigned char>(field[0]) & 0x7f;
    if (value & 0x40) return malformed("negative number in a header");
    for (size_t i = 1; i < field.size(); i++) {
      if (value >> 56) return malformed("number out of range in a header");
      value = value << 8 | static_cast<unsigned char>(field[i]);
    }
    return value;
  }
  uint64_t value = 0;
  bool digits = false;
  for (char c : field) {
    if (c >= '0' && c <= '7') {
      if (value >> 60) return malformed("number out of range in a header");
      value = value << 3 | static_cast<uint64_t>(c - '0');
      digits = true;
    } else if (c == ' ' && !digits) {
      continue;
    } else if (c == ' ' || c == '\0') {
      break;
    } else {
      return malformed("invalid tar header");
    }
  }
  return value;
}

std::string text(std::string_view field) { return std::string(field.substr(0, std::min(field.find('\0'), field.size()))); }

// The sum of a header with its own field taken as blanks; some old tars added signed characters.
bool sum_fits(std::string_view block) {
  auto wanted = number(block.substr(148, 8));
  if (!wanted) return false;
  int64_t is_unsigned = 0, is_signed = 0;
  for (size_t i = 0; i < kBlock; i++) {
    char c = i >= 148 && i < 156 ? ' ' : block[i];
    is_unsigned += static_cast<unsigned char>(c);
    is_signed += static_cast<signed char>(c);
  }
  auto sum = static_cast<int64_t>(*wanted);
  return sum == is_unsigned || sum == is_signed;
}

}  // namespace

Status TarParser::feed(std::string_view bytes) {
  while (!bytes.empty() && !done_) {
    switch (state_) {
      case State::kHeader: {
        size_t take = std::min(kBlock - block_.size(), bytes.size());
        block_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (block_.size() == kBlock) TRY(header());
        break;
      }
      case State::kData:
      case State::kMeta: {
        auto take = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
        if (state_ == State::kMeta) meta_.append(bytes.substr(0, take));
        else TRY(callbacks_.on_data(bytes.substr(0, take)));
        bytes.remove_prefix(take);
        left_ -= take;
        if (left_ == 0) TRY(state_ == State::kMeta ? meta_done() : data_done());
        break;
      }
      case State::kPadding: {
        auto take = static_cast<size_t>(std::min<uint64_t>(padding_, bytes.size()));
        bytes.remove_prefix(take);
        padding_ -= take;
        if (padding_ == 0) state_ = State::kHeader;
        break;
      }
    }
  }
  return {};
}

Status TarParser::header() {
  std::string block = std::exchange(block_, {});
  if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) {
    done_ = true;
    return {};
  }
  if (!sum_fits(block)) return malformed("invalid tar header");
  seen_ = true;
  std::string_view b = block;
  TarEntry entry;
  entry.name = text(b.substr(0, 100));
  entry.mode = static_cast<uint32_t>(TRY(number(b.substr(100, 8)))) & 07777;
  entry.size = TRY(number(b.substr(124, 12)));
  entry.type = b[156] == '\0' ? '0' : b[156];
  entry.link = text(b.substr(157, 100));
  if (b.substr(257, 6) == std::string_view("ustar\0", 6)) {
    if (std::string prefix = text(b.substr(345, 155)); !prefix.empty()) entry.name = prefix + "/" + entry.name;
  }
  padding_ = (kBlock - entry.size % kBlock) % kBlock;
  left_ = entry.size;
  if (std::strchr("xgLK", entry.type)) {
    if (entry.size > kMaxMeta) return malformed("header too long");
    entry_ = std::move(entry);
    meta_.clear();
    state_ = State::kMeta;
    return left_ == 0 ? meta_done() : Status();
  }
  if (!long_name_.empty()) entry.name = std::exchange(long_name_, {});
  if (!long_link_.empty()) entry.link = std::exchange(long_link_, {});
  auto pax = std::exchange(pax_, {});
  if (auto found = pax.find("path"); found != pax.end()) entry.name = found->second;
  if (auto found = pax.find("linkpath"); found != pax.end()) entry.link = found->second;
  if (auto found = pax.find("size"); found != pax.end()) {
    auto size = parse_int(found->second);
    if (!size || *size < 0) return malformed("invalid size");
    entry.size = static_cast<uint64_t>(*size);
  }
  for (const char* sparse : {"GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size"}) {
    if (pax.count(sparse)) return malformed("sparse files are not supported");
  }
  if (entry.type == 'S') return malformed("sparse files are not supported");
  if (entry.name.find('\0') != std::string::npos || entry.link.find('\0') != std::string::npos) return malformed("invalid name");
  // Only files carry data; of links and directories the field means something else.
  if (std::strchr("123456", entry.type)) entry.size = 0;
  left_ = entry.size;
  padding_ = (kBlock - entry.size % kBlock) % kBlock;
  entry_ = std::move(entry);
  TRY(callbacks_.on_entry(entry_));
  state_ = State::kData;
  return left_ == 0 ? data_done() : Status();
}

Status TarParser::data_done() {
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
  return callbacks_.on_end();
}

Status TarParser::meta_done() {
  state_ = padding_ > 0 ? State::kPadding : State::kHeader;
  std::string meta = std::exchange(meta_, {});
  if (entry_.type == 'g') return {};  // defaults for all entries: nothing in them is used here
  if (entry_.type == 'x') return read_pax(meta);
  std::string name = text(meta);
  if (name.size() > kMaxName) return malformed("name too long");
  (entry_.type == 'L' ? long_name_ : long_link_) = std::move(name);
  return {};
}

// "27 path=some/name\n", the number counting the whole line.
Status TarParser::read_pax(std::string_view rest) {
  pax_.clear();
  while (!rest.empty()) {
    size_t blank = rest.find(' ');
    if (blank == rest.npos || blank > 10) return malformed("invalid pax header");
    auto size = parse_int(rest.substr(0, blank));
    if (!size || *size <= static_cast<int64_t>(blank) + 1 || static_cast<size_t>(*size) > rest.size()) return malformed("invalid pax header");
    std::string_view line = rest.substr(blank + 1, static_cast<size_t>(*size) - blank - 1);
    rest.remove_prefix(static_cast<size_t>(*size));
    size_t equal = line.find('=');
    if (line.empty() || line.back() != '\n' || equal == line.npos || equal == 0) return malformed("invalid pax header");
    std::string_view value = line.substr(equal + 1, line.size() - equal - 2);
    if (value.size() > kMaxName) return malformed("name too long");
    pax_[std::string(line.substr(0, equal))] = std::string(value);
  }
  return {};
}

// ---- writing --------------------------------------------------------------------------------------------

namespace {

std::string ustar_header(const TarEntry& entry) {
  std::string block(kBlock, '\0');
  auto put = [&](size_t at, size_t room, std::string_view value) { std::memcpy(block.data() + at, value.data(), std::min(room, value.size())); };
  auto octal = [&](size_t at, size_t room, uint64_t value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(room - 1), static_cast<unsigned long long>(value));
    put(at, room - 1, digits);
  };
  put(0, 100, entry.name);
  octal(100, 8, entry.mode & 07777);
  octal(108, 8, entry.uid & 07777777);
  octal(116, 8, entry.gid & 07777777);
  octal(124, 12, entry.size < (uint64_t{1} << 33) ? entry.size : 0);
  octal(136, 12, static_cast<uint64_t>(std::clamp<int64_t>(entry.mtime_s, 0, (int64_t{1} << 33) - 1)));
  block[156] = entry.type;
  put(157, 100, entry.link);
  put(257, 8, std::string_view("ustar\00000", 8));
  std::memset(block.data() + 148, ' ', 8);
  unsigned sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  char digits[16];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  put(148, 7, std::string_view(digits, 7));
  return block;
}

std::string pax_record(const std::string& key, const std::string& value) {
  size_t body = key.size() + value.size() + 3, size = body + std::to_string(body).size();
  if (std::to_string(size).size() != std::to_string(body).size()) size = body + std::to_string(size).size();
  return std::to_string(size) + " " + key + "=" + value + "\n";
}

}  // namespace

std::string tar_header(const TarEntry& entry) {
  std::string pax;
  if (entry.name.size() > 100) pax += pax_record("path", entry.name);
  if (entry.link.size() > 100) pax += pax_record("linkpath", entry.link);
  if (entry.size >= uint64_t{1} << 33) pax += pax_record("size", std::to_string(entry.size));
  std::string out;
  if (!pax.empty()) {
    TarEntry extended;
    extended.type = 'x';
    extended.name = "PaxHeaders.0/" + entry.name.substr(0, 80);
    extended.size = pax.size();
    out = ustar_header(extended) + pax + tar_padding(pax.size());
  }
  return out + ustar_header(entry);
}

std::string tar_padding(uint64_t size) { return std::string((kBlock - size % kBlock) % kBlock, '\0'); }
std::string tar_end() { return std::string(2 * kBlock, '\0'); }

}  // namespace skerry::kubectl
