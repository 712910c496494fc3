#include "runtime/auth_challenge.h"

#include "base/strings.h"

namespace skerry::runtime {

namespace {

bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

struct Cursor {
  std::string_view text;
  void skip(std::string_view characters) {
    while (!text.empty() && characters.find(text[0]) != std::string_view::npos) text.remove_prefix(1);
  }
  std::string token() {
    size_t n = 0;
    while (n < text.size() && token_char(text[n])) ++n;
    std::string out(text.substr(0, n));
    text.remove_prefix(n);
    return out;
  }
  bool take(char c) {
    if (text.empty() || text[0] != c) return false;
    text.remove_prefix(1);
    return true;
  }
  // A token or a quoted string.
  bool value(std::string& out) {
    out.clear();
    if (!take('"')) {
      out = token();
      return !out.empty();
    }
    while (!text.empty() && text[0] != '"') {
      if (text[0] == '\\' && text.size() > 1) text.remove_prefix(1);
      out += text[0];
      text.remove_prefix(1);
    }
    return take('"');
  }
};

}  // namespace

std::vector<AuthChallenge> parse_auth_challenges(std::string_view header) {
  std::vector<AuthChallenge> out;
  Cursor at{header};
  for (;;) {
    at.skip(" \t,");
    std::string name = at.token();
    if (name.empty() || out.size() > 16) return out;
    Cursor after_name = at;
    at.skip(" \t");
    std::string value;
    if (at.take('=')) {  // a parameter of the challenge before
      at.skip(" \t");
      if (!at.value(value) || out.empty()) return out;
      out.back().parameters[to_lower(name)] = value;
    } else {
      at = after_name;
      out.push_back({to_lower(name), {}});
    }
  }
}

}  // namespace skerry::runtime
