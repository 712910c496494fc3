#include "dns/message.h"

#include <arpa/inet.h>

#include "base/strings.h"

namespace skerry::dns {
namespace {

uint16_t get16(std::string_view p, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(p[at]) << 8 | static_cast<unsigned char>(p[at + 1]));
}
void put16(std::string& out, uint16_t v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v & 0xff);
}
void put32(std::string& out, uint32_t v) {
  put16(out, static_cast<uint16_t>(v >> 16));
  put16(out, static_cast<uint16_t>(v & 0xffff));
}

// Reads an uncompressed or compressed name at `at`, moving it past the name. False on anything malformed.
bool read_name(std::string_view p, size_t& at, std::string& out) {
  size_t pos = at;
  bool jumped = false;
  int jumps = 0;
  out.clear();
  for (;;) {
    if (pos >= p.size()) return false;
    unsigned len = static_cast<unsigned char>(p[pos]);
    if ((len & 0xc0) == 0xc0) {
      if (pos + 1 >= p.size() || ++jumps > 16) return false;
      size_t target = static_cast<size_t>((len & 0x3f) << 8) | static_cast<unsigned char>(p[pos + 1]);
      if (!jumped) at = pos + 2;
      jumped = true;
      if (target >= pos) return false;  // only backwards
      pos = target;
      continue;
    }
    if ((len & 0xc0) != 0) return false;
    ++pos;
    if (len == 0) break;
    if (pos + len > p.size() || out.size() + len + 1 > 255) return false;
    if (!out.empty()) out += '.';
    out.append(p.substr(pos, len));
    pos += len;
  }
  if (!jumped) at = pos;
  return true;
}

void put_record(std::string& out, const Record& r) {
  out += encode_name(r.name);
  put16(out, r.type);
  put16(out, 1);
  put32(out, r.ttl_s);
  put16(out, static_cast<uint16_t>(r.data.size()));
  out += r.data;
}

}  // namespace

std::string encode_name(std::string_view name) {
  std::string out;
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (!name.empty())
    for (auto label : split(name, '.')) {
      if (label.empty() || label.size() > 63) return {};
      out += static_cast<char>(label.size());
      out += label;
    }
  out += '\0';
  return out.size() > 255 ? std::string() : out;
}

std::optional<ParsedQuery> parse_query(std::string_view p) {
  if (p.size() < 12) return std::nullopt;
  uint16_t flags = get16(p, 2);
  if (flags & 0x8000) return std::nullopt;  // a response
  ParsedQuery out;
  Query& q = out.query;
  q.id = get16(p, 0);
  q.opcode = static_cast<uint8_t>((flags >> 11) & 15);
  q.recursion_desired = (flags & 0x0100) != 0;
  auto fail = [&](Rcode r) {
    out.error = r;
    return out;
  };
  if (q.opcode != 0) return fail(kNotImp);
  if (get16(p, 4) != 1) return fail(kFormErr);
  size_t at = 12;
  if (!read_name(p, at, q.raw_name) || at + 4 > p.size()) return fail(kFormErr);
  q.question.name = to_lower(q.raw_name);
  q.question.type = get16(p, at);
  q.question.cls = get16(p, at + 2);
  at += 4;
  unsigned skip = get16(p, 6) + get16(p, 8), extra = get16(p, 10);
  if (skip > 0) return fail(kFormErr);
  for (unsigned i = 0; i < extra && i < 16; ++i) {
    std::string name;
    if (!read_name(p, at, name) || at + 10 > p.size()) return fail(kFormErr);
    uint16_t type = get16(p, at), cls = get16(p, at + 2), len = get16(p, at + 8);
    at += 10;
    if (at + len > p.size()) return fail(kFormErr);
    at += len;
    if (type == kOpt) q.edns_payload = cls;
  }
  return out;
}

std::string write_query(const Query& q, std::string_view name) {
  std::string out;
  put16(out, 0);
  put16(out, q.recursion_desired ? 0x0100 : 0);
  put16(out, 1);
  put16(out, 0);
  put16(out, 0);
  put16(out, q.edns_payload ? 1 : 0);
  out += encode_name(name);
  put16(out, q.question.type);
  put16(out, q.question.cls);
  if (q.edns_payload) {
    out += '\0';
    put16(out, kOpt);
    put16(out, *q.edns_payload);
    put32(out, 0);
    put16(out, 0);
  }
  return out;
}

std::optional<Response> parse_response(std::string_view p) {
  if (p.size() < 12 || (get16(p, 2) & 0x8000) == 0) return std::nullopt;
  Response out;
  out.rcode = static_cast<Rcode>(get16(p, 2) & 15);
  out.truncated = (get16(p, 2) & 0x0200) != 0;
  size_t at = 12;
  std::string name;
  for (unsigned i = get16(p, 4); i > 0; --i) {
    if (!read_name(p, at, name) || at + 4 > p.size()) return std::nullopt;
    at += 4;
  }
  for (unsigned i = get16(p, 6); i > 0; --i) {
    if (!read_name(p, at, name) || at + 10 > p.size()) return std::nullopt;
    Record r{.name = name, .type = get16(p, at), .ttl_s = static_cast<uint32_t>(get16(p, at + 4)) << 16 | get16(p, at + 6), .data = {}};
    const size_t size = get16(p, at + 8);
    at += 10;
    if (at + size > p.size()) return std::nullopt;
    const std::string_view data = p.substr(at, size);
    if (size_t inside = at; r.type == kCname) {  // may point into this packet
      if (!read_name(p, inside, name) || inside != at + size) return std::nullopt;
      r.data = encode_name(name);
      if (r.data.empty()) return std::nullopt;
    } else if ((r.type == kA && size == 4) || (r.type == kAaaa && size == 16)) {
      r.data = data;
    } else {
      r.type = 0;
    }
    at += size;
    if (r.type != 0) out.answers.push_back(std::move(r));
  }
  return out;
}

Record a_record(std::string name, std::string_view ip, uint32_t ttl_s) {
  std::string text(ip);
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1)
    return {std::move(name), kA, ttl_s, std::string(reinterpret_cast<char*>(&v4), 4)};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1)
    return {std::move(name), kAaaa, ttl_s, std::string(reinterpret_cast<char*>(&v6), 16)};
  return {};
}

Record name_record(std::string name, uint16_t type, std::string_view target, uint32_t ttl_s) {
  return {std::move(name), type, ttl_s, encode_name(target)};
}

Record srv_record(std::string name, uint16_t priority, uint16_t weight, uint16_t port, std::string_view target, uint32_t ttl_s) {
  std::string data;
  put16(data, priority);
  put16(data, weight);
  put16(data, port);
  data += encode_name(target);
  return {std::move(name), kSrv, ttl_s, std::move(data)};
}

Record txt_record(std::string name, std::string_view text, uint32_t ttl_s) {
  std::string data;
  data += static_cast<char>(text.size() > 255 ? 255 : text.size());
  data += text.substr(0, 255);
  return {std::move(name), kTxt, ttl_s, std::move(data)};
}

Record soa_record(std::string zone, uint32_t serial, uint32_t ttl_s) {
  std::string data = encode_name("ns.dns." + zone) + encode_name("hostmaster." + zone);
  put32(data, serial);
  put32(data, 7200);
  put32(data, 1800);
  put32(data, 86400);
  put32(data, ttl_s);
  return {std::move(zone), kSoa, ttl_s, std::move(data)};
}

std::string write_answer(const Query& q, const Answer& a, size_t limit) {
  std::string out;
  put16(out, q.id);
  uint16_t flags = static_cast<uint16_t>(0x8000 | (q.opcode << 11) | (a.authoritative ? 0x0400 : 0) | (q.recursion_desired ? 0x0100 : 0) | 0x0080 | a.rcode);
  put16(out, flags);
  std::string name = encode_name(q.raw_name);
  const bool echo = !name.empty() && (a.rcode != kFormErr);
  put16(out, echo ? 1 : 0);
  put16(out, 0);
  put16(out, 0);
  put16(out, 0);
  if (echo) {
    out += name;
    put16(out, q.question.type);
    put16(out, q.question.cls);
  }
  const size_t opt_size = q.edns_payload ? 11 : 0;
  bool truncated = false;
  uint16_t counts[3] = {0, 0, 0};
  const std::vector<Record>* sections[3] = {&a.answers, &a.authority, &a.additional};
  for (int s = 0; s < 3 && !truncated; ++s)
    for (const Record& r : *sections[s]) {
      size_t before = out.size();
      put_record(out, r);
      if (out.size() + opt_size > limit) {
        out.resize(before);
        truncated = s < 2;
        break;
      }
      ++counts[s];
    }
  if (opt_size > 0) {
    out += '\0';
    put16(out, kOpt);
    put16(out, 1232);
    put32(out, 0);
    put16(out, 0);
    ++counts[2];
  }
  for (int s = 0; s < 3; ++s) {
    out[6 + 2 * static_cast<size_t>(s)] = static_cast<char>(counts[s] >> 8);
    out[7 + 2 * static_cast<size_t>(s)] = static_cast<char>(counts[s] & 0xff);
  }
  if (truncated) out[2] = static_cast<char>(static_cast<unsigned char>(out[2]) | 0x02);
  return out;
}

}  // namespace skerry::dns
