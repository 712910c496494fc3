// Go's escapes inside quotes. Internal to the two template languages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skerry::output {

// The text between the quotes (`quote` is ' or "), escapes resolved; nothing for bad syntax.
std::optional<std::string> unquote_go(std::string_view inside, char quote);

// One code point at `i` of UTF-8 text, and its length there (bytes that are no UTF-8 are taken one by one as U+FFFD).
struct CodePoint {
  char32_t value = 0;
  size_t length = 0;
};
CodePoint decode_utf8(std::string_view text, size_t i);
void append_utf8(std::string& out, char32_t c);
// Letters and digits in the sense of identifiers: all of non-ASCII text but its blanks and controls counts as letters.
bool is_identifier_char(char32_t c);
// "U+007E '~'", as Go's %#U.
std::string describe_char(char32_t c);

}  // namespace skerry::output
