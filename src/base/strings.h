// Small string and encoding helpers used everywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skerry {

std::vector<std::string_view> split(std::string_view text, char separator);  // "" gives {""}
std::string_view trim(std::string_view text);                              // ASCII white space
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string to_lower(std::string_view text);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);
// `text` wholly a decimal integer in range.
std::optional<int64_t> parse_int(std::string_view text);

std::string base64_encode(std::string_view bytes);                          // RFC 4648, padded
std::optional<std::string> base64_decode(std::string_view text);            // strict; line breaks allowed
std::string base64url_encode(std::string_view bytes);                       // unpadded, for JWT
std::optional<std::string> base64url_decode(std::string_view text);         // padding optional
std::string hex_encode(std::string_view bytes);
std::string url_encode(std::string_view text);                              // RFC 3986 unreserved stay
std::optional<std::string> url_decode(std::string_view text);               // %XX; '+' stays

// RFC 1123 names, as Kubernetes validates them.
bool is_dns_label(std::string_view name);      // at most 63, [a-z0-9]([-a-z0-9]*[a-z0-9])?
bool is_dns_subdomain(std::string_view name);  // at most 253, labels joined by '.'
bool is_qualified_name(std::string_view name);  // label and annotation keys: [prefix/]name
bool is_label_value(std::string_view value);   // at most 63, may be empty

}  // namespace skerry
