// Protobuf's wire format: writing and bounded reading of tagged values. For src/api's own use.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace skerry::api::wire {

enum Type : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

inline void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

inline void put_tag(std::string& out, uint32_t number, Type type) { put_varint(out, number << 3 | type); }

inline void put_int(std::string& out, uint32_t number, int64_t value) {
  put_tag(out, number, kVarint);
  put_varint(out, static_cast<uint64_t>(value));
}

inline void put_bytes(std::string& out, uint32_t number, std::string_view bytes) {
  put_tag(out, number, kBytes);
  put_varint(out, bytes.size());
  out.append(bytes);
}

inline void put_double(std::string& out, uint32_t number, double value) {
  put_tag(out, number, kFixed64);
  char raw[8];
  std::memcpy(raw, &value, 8);  // little endian, as all our machines are
  out.append(raw, 8);
}

// One tagged value after the other. After next() returned false, ok() tells whether the text ended cleanly.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool next() {
    if (rest_.empty() || !ok_) return false;
    uint64_t tag = 0;
    if (!read_varint(rest_, tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return fail();
    number = static_cast<uint32_t>(tag >> 3);
    type = static_cast<Type>(tag & 7);
    switch (type) {
      case kVarint: return read_varint(rest_, value) || fail();
      case kFixed64: return take(8);
      case kFixed32: return take(4);
      case kBytes: {
        uint64_t size = 0;
        return read_varint(rest_, size) && size <= rest_.size() ? take(size) : fail();
      }
      default: return fail();
    }
  }
  bool ok() const { return ok_; }

  uint32_t number = 0;
  Type type = kVarint;
  uint64_t value = 0;      // of kVarint
  std::string_view bytes;  // of the others

  static bool read_varint(std::string_view& from, uint64_t& value) {
    value = 0;
    for (size_t i = 0; i < from.size() && i < 10; ++i) {
      auto byte = static_cast<unsigned char>(from[i]);
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        from.remove_prefix(i + 1);
        return true;
      }
    }
    return false;
  }

 private:
  bool take(size_t size) {
    if (size > rest_.size()) return fail();
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  bool fail() {
    ok_ = false;
    return false;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace skerry::api::wire
