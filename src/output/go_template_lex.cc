#include "output/go_template_lex.h"

#include <algorithm>

#include "output/go_format.h"
#include "output/unquote.h"

namespace skerry::output::go_template {
namespace {

using Type = Item::Type;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : in_(text) {}

  std::vector<Item> run() {
    while (text()) {
    }
    if (!failed_) add(Type::kEnd, in_.size(), "");
    return std::move(items_);
  }

 private:
  void add(Type type, size_t pos, std::string value) {
    line_ += static_cast<int>(std::count(in_.begin() + static_cast<long>(counted_), in_.begin() + static_cast<long>(std::max(counted_, pos)), '\n'));
    counted_ = std::max(counted_, pos);
    items_.push_back({type, pos, std::move(value), line_});
  }
  bool fail(std::string message) {
    failed_ = true;
    add(Type::kError, at_, std::move(message));
    return false;
  }
  bool at(std::string_view prefix) const { return in_.substr(at_).starts_with(prefix); }
  bool trim_before_right() const { return at_ + 1 < in_.size() && is_space(in_[at_]) && in_[at_ + 1] == '-'; }
  // At "}}" or " -}}".
  bool at_right() const { return at("}}") || (trim_before_right() && in_.substr(at_ + 2).starts_with("}}")); }
  char32_t peek() const { return at_ < in_.size() ? decode_utf8(in_, at_).value : 0xffffffff; }
  void step() {
    if (at_ < in_.size()) at_ += decode_utf8(in_, at_).length;
  }
  bool at_terminator() const {
    if (at_ >= in_.size() || is_space(in_[at_])) return true;
    static constexpr std::string_view kTerminators = ".,|:)(";
    return kTerminators.find(in_[at_]) != std::string_view::npos || at("}}");
  }
  std::string taken(size_t start) const { return std::string(in_.substr(start, at_ - start)); }

  // Text up to the next action, and the action.
  bool text() {
    size_t start = at_;
    size_t left = in_.find("{{", at_);
    if (left == std::string_view::npos) {
      if (start < in_.size()) add(Type::kText, start, std::string(in_.substr(start)));
      at_ = in_.size();
      return false;
    }
    bool trim = left + 3 < in_.size() && in_[left + 2] == '-' && is_space(in_[left + 3]);
    size_t end = left;
    if (trim)
      while (end > start && is_space(in_[end - 1])) --end;
    if (end > start) add(Type::kText, start, std::string(in_.substr(start, end - start)));
    at_ = left + 2;
    size_t inside = at_ + (trim ? 2 : 0);
    if (in_.substr(inside).starts_with("/*")) {
      at_ = inside;
      size_t close = in_.find("*/", at_);
      if (close == std::string_view::npos) return fail("unclosed comment");
      at_ = close + 2;
      if (!at_right()) return fail("comment ends before closing delimiter");
      right();
      return true;
    }
    add(Type::kLeft, left, "{{");
    at_ = inside;
    parens_ = 0;
    while (true) {
      if (at_right()) {
        if (parens_ != 0) return fail("unclosed left paren");
        size_t pos = at_ + (at("}}") ? 0 : 2);
        add(Type::kRight, pos, "}}");
        right();
        return true;
      }
      if (!inside_action()) return false;
    }
  }

  // Over the right delimiter and the space it trims.
  void right() {
    bool trim = !at("}}");
    at_ += trim ? 4 : 2;
    if (trim)
      while (at_ < in_.size() && is_space(in_[at_])) ++at_;
  }

  bool inside_action() {
    if (at_ >= in_.size()) return fail("unclosed action");
    size_t start = at_;
    char c = in_[at_];
    if (is_space(c)) {
      while (at_ < in_.size() && is_space(in_[at_]) && !at_right()) ++at_;
      if (at_ > start) add(Type::kSpace, start, taken(start));
      return true;
    }
    char next = at_ + 1 < in_.size() ? in_[at_ + 1] : 0;
    auto one = [&](Type type) {
      ++at_;
      add(type, start, taken(start));
      return true;
    };
    switch (c) {
      case '=': return one(Type::kAssign);
      case ':':
        if (next != '=') {
          ++at_;
          return fail("expected :=");
        }
        at_ += 2;
        add(Type::kDeclare, start, ":=");
        return true;
      case '|': return one(Type::kPipe);
      case '"': return quoted('"', Type::kString, "unterminated quoted string");
      case '\'': return quoted('\'', Type::kRune, "unterminated character constant");
      case '`': {
        size_t end = in_.find('`', at_ + 1);
        if (end == std::string_view::npos) return fail("unterminated raw quoted string");
        at_ = end + 1;
        add(Type::kRawString, start, taken(start));
        return true;
      }
      case '(': ++parens_; return one(Type::kLeftParen);
      case ')':
        if (--parens_ < 0) return fail("unexpected right paren");
        return one(Type::kRightParen);
      case '$': return name(Type::kVariable);
    }
    bool digit_next = next >= '0' && next <= '9';
    if (c == '.' && !(digit_next && at_ + 1 < in_.size())) return name(Type::kField);
    if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) return number();
    char32_t rune = peek();
    if (is_identifier_char(rune)) return identifier();
    if (rune < 0x7f && rune > 0x20) return one(Type::kChar);
    step();
    return fail("unrecognized character in action: " + describe_char(rune));
  }

  bool quoted(char quote, Type type, const char* unterminated) {
    size_t start = at_++;
    while (true) {
      if (at_ >= in_.size() || in_[at_] == '\n') return fail(unterminated);
      char c = in_[at_++];
      if (c == quote) break;
      if (c == '\\' && at_ < in_.size() && in_[at_] != '\n') ++at_;
    }
    add(type, start, taken(start));
    return true;
  }

  // ".x" or "$x"; "." and "$" alone.
  bool name(Type type) {
    size_t start = at_++;
    if (at_terminator()) {
      add(type == Type::kField ? Type::kDot : type, start, taken(start));
      return true;
    }
    while (at_ < in_.size() && is_identifier_char(peek())) step();
    if (!at_terminator()) return fail("bad character " + describe_char(peek()));
    add(type, start, taken(start));
    return true;
  }

  bool identifier() {
    size_t start = at_;
    while (at_ < in_.size() && is_identifier_char(peek())) step();
    if (!at_terminator()) return fail("bad character " + describe_char(peek()));
    std::string word = taken(start);
    static constexpr std::pair<std::string_view, Type> kWords[] = {
        {"block", Type::kBlock}, {"break", Type::kBreak}, {"continue", Type::kContinue}, {"define", Type::kDefine}, {"else", Type::kElse},
        {"end", Type::kEndWord}, {"if", Type::kIf}, {"range", Type::kRange}, {"nil", Type::kNil}, {"template", Type::kTemplate},
        {"with", Type::kWith}, {"true", Type::kBool}, {"false", Type::kBool},
    };
    Type type = Type::kIdentifier;
    for (const auto& [text, keyword] : kWords)
      if (text == word) type = keyword;
    add(type, start, word);
    return true;
  }

  bool number() {
    size_t start = at_;
    auto run = [&](std::string_view digits) {
      while (at_ < in_.size() && digits.find(in_[at_]) != std::string_view::npos) ++at_;
    };
    auto accept = [&](std::string_view any) {
      bool yes = at_ < in_.size() && any.find(in_[at_]) != std::string_view::npos;
      if (yes) ++at_;
      return yes;
    };
    accept("+-");
    std::string_view digits = "0123456789_";
    if (accept("0")) {
      if (accept("xX")) digits = "0123456789abcdefABCDEF_";
      else if (accept("oO")) digits = "01234567_";
      else if (accept("bB")) digits = "01_";
    }
    run(digits);
    if (accept(".")) run(digits);
    if (digits.size() == 11 && accept("eE")) {
      accept("+-");
      run("0123456789_");
    }
    if (at_ < in_.size() && is_identifier_char(peek())) {
      step();
      return fail("bad number syntax: " + go_quote(taken(start)));
    }
    add(Type::kNumber, start, taken(start));
    return true;
  }

  std::string_view in_;
  size_t at_ = 0;
  int parens_ = 0;
  int line_ = 1;
  size_t counted_ = 0;
  bool failed_ = false;
  std::vector<Item> items_;
};

}  // namespace

std::string Item::to_string() const {
  if (type == Type::kEnd) return "EOF";
  if (type == Type::kError) return value;
  if (type >= Type::kBlock || type == Type::kNil) return "<" + value + ">";
  if (value.size() > 10) return go_quote(value.substr(0, 10)) + "...";
  return go_quote(value);
}

std::vector<Item> lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace skerry::output::go_template
