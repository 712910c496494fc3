// DNS messages (RFC 1035, EDNS0 of RFC 6891): reading queries, writing answers. Pure; every read is bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::dns {

enum Type : uint16_t { kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kTxt = 16, kAaaa = 28, kSrv = 33, kOpt = 41, kAny = 255 };
enum Rcode : uint8_t { kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImp = 4, kRefused = 5 };

struct Question {
  std::string name;  // lower case, no trailing dot; "" is the root
  uint16_t type = 0;
  uint16_t cls = 1;
};

struct Query {
  uint16_t id = 0;
  uint8_t opcode = 0;
  bool recursion_desired = false;
  Question question;
  std::string raw_name;           // as asked, for echoing its case (0x20)
  std::optional<uint16_t> edns_payload;
};

// One question exactly. Nothing for what is no query at all (too short, or a response): not to be answered.
// `error` is set, with id and flags usable, for what deserves an error answer.
struct ParsedQuery {
  Query query;
  Rcode error = kNoError;
};
std::optional<ParsedQuery> parse_query(std::string_view packet);

struct Record {
  std::string name;  // no trailing dot
  uint16_t type = 0;
  uint32_t ttl_s = 5;
  std::string data;  // rdata, encoded
};
Record a_record(std::string name, std::string_view ip, uint32_t ttl_s);  // A or AAAA by the address; type 0 if unparsable
Record name_record(std::string name, uint16_t type, std::string_view target, uint32_t ttl_s);  // CNAME, PTR, NS
Record srv_record(std::string name, uint16_t priority, uint16_t weight, uint16_t port, std::string_view target, uint32_t ttl_s);
Record txt_record(std::string name, std::string_view text, uint32_t ttl_s);
Record soa_record(std::string zone, uint32_t serial, uint32_t ttl_s);

struct Answer {
  Rcode rcode = kNoError;
  bool authoritative = true;
  std::vector<Record> answers{}, authority{}, additional{};
  std::string goes_on_with{};  // not empty: the last record is an alias of this name, which must be asked elsewhere
};
// At most `limit` bytes: what does not fit is left out and the TC bit set.
std::string write_answer(const Query& query, const Answer& answer, size_t limit);

// The same question about another name, with id 0.
std::string write_query(const Query& query, std::string_view name);

// An answer's addresses and aliases (A, AAAA, CNAME), to be passed on in an answer of ours. Nothing for what is malformed.
struct Response {
  Rcode rcode = kNoError;
  bool truncated = false;
  std::vector<Record> answers;
};
std::optional<Response> parse_response(std::string_view packet);

// "a.b.c" in wire form; empty if a label is longer than 63 or the name than 255 octets.
std::string encode_name(std::string_view name);

}  // namespace skerry::dns
