// Parsing of HTTP/1.1 messages that are already in memory. Strict (RFC 9112): lines end in CRLF, no folded lines, no
// message with two lengths; what two parsers could read in two ways is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/headers.h"
#include "http/server.h"

namespace skerry::http {

inline constexpr size_t kMaxHeaders = 200;

// `head` is everything up to and including the empty line. Fills method, target, path, query and headers. Errors
// carry the HTTP code to answer with (400, 431, 501, 505).
struct HeadInfo {
  int minor_version = 1;
  bool keep_alive = true;
  bool chunked = false;
  uint64_t content_length = 0;
  bool expect_continue = false;
};
Result<HeadInfo> parse_request_head(std::string_view head, Request& request);

struct ResponseHead {
  int minor_version = 1;
  int status = 0;
  std::string reason;
  Headers headers;
};
Result<ResponseHead> parse_response_head(std::string_view head);

// Undoes chunked transfer coding piece by piece.
class ChunkDecoder {
 public:
  // Takes what it can from `input`, appends the body's bytes to `out`; returns how many bytes it has taken.
  // Fails when malformed (400) or when `out` grows beyond `max_bytes` (413).
  Result<size_t> feed(std::string_view input, std::string& out, size_t max_bytes);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };
  Status end_of_line();

  State state_ = State::kSize;
  std::string line_;  // of kSize, kDataEnd and kTrailer, until its LF
  uint64_t left_ = 0;
  size_t trailer_bytes_ = 0;
};

}  // namespace skerry::http
