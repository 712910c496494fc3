#include "http/parser.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::http {
namespace {

Error http_error(int code, std::string message) {
  Error error(Reason::kBadRequest, std::move(message));
  error.code = code;
  return error;
}

bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto u = static_cast<unsigned char>(c);
    return u == '\t' || (u >= 0x20 && u != 0x7f);
  });
}

// Cuts the next line off `text`; empty optional if no CRLF is left or the line holds a lone CR or LF.
std::optional<std::string_view> next_line(std::string_view& text) {
  size_t end = text.find("\r\n");
  if (end == text.npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  if (line.find_first_of("\r\n") != line.npos) return std::nullopt;
  text.remove_prefix(end + 2);
  return line;
}

Status parse_header_lines(std::string_view text, Headers& headers) {
  while (true) {
    auto line = next_line(text);
    if (!line) return http_error(400, "malformed header line");
    if (line->empty()) return {};
    size_t colon = line->find(':');
    if (colon == line->npos || !is_token(line->substr(0, colon))) return http_error(400, "malformed header line");
    std::string_view value = trim(line->substr(colon + 1));
    if (!is_field_value(value)) return http_error(400, "malformed header value");
    if (headers.size() >= kMaxHeaders) return http_error(431, "too many headers");
    headers.add(std::string(line->substr(0, colon)), std::string(value));
  }
}

std::optional<int> minor_version(std::string_view version) {
  if (version == "HTTP/1.1") return 1;
  if (version == "HTTP/1.0") return 0;
  return std::nullopt;
}

Status split_target(Request& request) {
  std::string_view target = request.target;
  for (std::string_view scheme : {"http://", "https://"}) {  // absolute form, as for proxies
    if (target.size() > scheme.size() && equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      size_t slash = target.find('/', scheme.size());
      target = slash == target.npos ? "/" : target.substr(slash);
    }
  }
  target = target.substr(0, target.find('#'));
  if (target.empty() || (target[0] != '/' && target != "*")) return http_error(400, "malformed request target");
  for (char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return http_error(400, "malformed request target");
  }
  size_t question = target.find('?');
  request.raw_path = target.substr(0, question);
  if (question != target.npos) request.raw_query = target.substr(question + 1);
  auto path = url_decode(request.raw_path);
  if (!path || path->find('\0') != path->npos) return http_error(400, "malformed escape in the request target");
  request.path = std::move(*path);
  return {};
}

Status body_framing(const Headers& headers, HeadInfo& info) {
  auto codings = headers.tokens("Transfer-Encoding");
  auto lengths = headers.all("Content-Length");
  if (headers.has("Transfer-Encoding")) {
    if (!lengths.empty()) return http_error(400, "both Content-Length and Transfer-Encoding");
    if (info.minor_version == 0) return http_error(400, "Transfer-Encoding with HTTP/1.0");
    if (codings.size() != 1 || !equal_ignoring_case(codings[0], "chunked")) {
      return http_error(501, "unsupported transfer encoding");
    }
    info.chunked = true;
    return {};
  }
  for (size_t i = 0; i < lengths.size(); i++) {
    std::string_view text = lengths[i];
    bool digits = !text.empty() && text.size() <= 15 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || text != lengths[0]) return http_error(400, "malformed Content-Length");
    info.content_length = static_cast<uint64_t>(*parse_int(text));
  }
  return {};
}

}  // namespace

Result<HeadInfo> parse_request_head(std::string_view head, Request& request) {
  auto line = next_line(head);
  if (!line) return http_error(400, "malformed request line");
  size_t first = line->find(' ');
  size_t last = line->rfind(' ');
  if (first == line->npos || first == last) return http_error(400, "malformed request line");
  std::string_view method = line->substr(0, first);
  std::string_view version = line->substr(last + 1);
  HeadInfo info;
  if (!is_token(method)) return http_error(400, "malformed method");
  auto minor = minor_version(version);
  if (!minor) return http_error(starts_with(version, "HTTP/") ? 505 : 400, "unsupported protocol version");
  info.minor_version = *minor;
  request.method = method;
  request.target = line->substr(first + 1, last - first - 1);
  TRY(split_target(request));
  TRY(parse_header_lines(head, request.headers));
  const Headers& headers = request.headers;
  if (info.minor_version == 1 && headers.all("Host").size() != 1) return http_error(400, "missing or repeated Host header");
  info.keep_alive = info.minor_version == 1 ? !headers.has_token("Connection", "close")
                                            : headers.has_token("Connection", "keep-alive");
  info.expect_continue = info.minor_version == 1 && equal_ignoring_case(headers.get("Expect"), "100-continue");
  TRY(body_framing(headers, info));
  return info;
}

Result<ResponseHead> parse_response_head(std::string_view head) {
  auto line = next_line(head);
  if (!line || line->size() < 12) return http_error(502, "malformed status line");
  ResponseHead response;
  auto minor = minor_version(line->substr(0, 8));
  auto status = parse_int(line->substr(9, 3));
  if (!minor || (*line)[8] != ' ' || !status || *status < 100 || *status > 999) return http_error(502, "malformed status line");
  if (line->size() > 12 && (*line)[12] != ' ') return http_error(502, "malformed status line");
  response.minor_version = *minor;
  response.status = static_cast<int>(*status);
  if (line->size() > 13) response.reason = line->substr(13);
  TRY(parse_header_lines(head, response.headers));
  return response;
}

Status ChunkDecoder::end_of_line() {
  if (line_.empty() || line_.back() != '\r') return http_error(400, "malformed chunk");
  line_.pop_back();
  if (state_ == State::kDataEnd) {
    if (!line_.empty()) return http_error(400, "malformed chunk");
    state_ = State::kSize;
  } else if (state_ == State::kTrailer) {
    if (line_.empty()) state_ = State::kDone;
  } else {
    std::string_view size = std::string_view(line_).substr(0, line_.find(';'));  // extensions mean nothing to us
    size = trim(size);
    if (size.empty() || size.size() > 12) return http_error(400, "malformed chunk size");
    left_ = 0;
    for (char c : size) {
      int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
      if (digit < 0) return http_error(400, "malformed chunk size");
      left_ = left_ * 16 + static_cast<uint64_t>(digit);
    }
    state_ = left_ == 0 ? State::kTrailer : State::kData;
  }
  line_.clear();
  return {};
}

Result<size_t> ChunkDecoder::feed(std::string_view input, std::string& out, size_t max_bytes) {
  size_t used = 0;
  while (used < input.size() && state_ != State::kDone) {
    if (state_ == State::kData) {
      size_t n = static_cast<size_t>(std::min<uint64_t>(left_, input.size() - used));
      out.append(input.substr(used, n));
      used += n;
      left_ -= n;
      if (left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    char c = input[used++];
    if (state_ == State::kTrailer && ++trailer_bytes_ > 8192) return http_error(431, "trailer too large");
    if (c == '\n') {
      TRY(end_of_line());
      if (out.size() + left_ > max_bytes) return http_error(413, "request body too large");
    } else {
      if (line_.size() >= 1024) return http_error(400, "malformed chunk");
      line_ += c;
    }
  }
  return used;
}

}  // namespace skerry::http
