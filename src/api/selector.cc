#include "api/selector.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"

namespace skerry::api {
namespace {

using Op = LabelSelector::Op;
using Requirement = LabelSelector::Requirement;

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

constexpr size_t kMaxSelector = 64 * 1024;

// The tokens of a label selector.
enum class Token { kEnd, kWord, kComma, kOpen, kClose, kEqual, kNotEqual, kNot, kGreater, kLess };

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { next(); }
  Token token() const { return token_; }
  std::string_view literal() const { return literal_; }

  void next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    size_t start = at_;
    if (at_ == text_.size()) return set(Token::kEnd, start);
    switch (text_[at_++]) {
      case ',': return set(Token::kComma, start);
      case '(': return set(Token::kOpen, start);
      case ')': return set(Token::kClose, start);
      case '>': return set(Token::kGreater, start);
      case '<': return set(Token::kLess, start);
      case '=':
        if (at_ < text_.size() && text_[at_] == '=') ++at_;
        return set(Token::kEqual, start);
      case '!':
        if (at_ < text_.size() && text_[at_] == '=') {
          ++at_;
          return set(Token::kNotEqual, start);
        }
        return set(Token::kNot, start);
      default: break;
    }
    while (at_ < text_.size() && !is_space(text_[at_]) && !is_special(text_[at_])) ++at_;
    set(Token::kWord, start);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool is_special(char c) { return std::string_view("=!(),<>").find(c) != std::string_view::npos; }
  void set(Token token, size_t start) {
    token_ = token;
    literal_ = text_.substr(start, at_ - start);
  }

  std::string_view text_;
  size_t at_ = 0;
  Token token_ = Token::kEnd;
  std::string_view literal_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<std::vector<Requirement>> parse() {
    std::vector<Requirement> requirements;
    if (lexer_.token() == Token::kEnd) return requirements;
    for (;;) {
      if (lexer_.token() != Token::kWord && lexer_.token() != Token::kNot)
        return bad("found " + quoted(lexer_.literal()) + ", expected: !, identifier, or 'end of string'");
      requirements.push_back(TRY(requirement()));
      if (lexer_.token() == Token::kEnd) break;
      if (lexer_.token() != Token::kComma)
        return bad("found " + quoted(lexer_.literal()) + ", expected: ',' or 'end of string'");
      lexer_.next();
      if (lexer_.token() != Token::kWord && lexer_.token() != Token::kNot)
        return bad("found " + quoted(lexer_.literal()) + ", expected: identifier after ','");
    }
    std::stable_sort(requirements.begin(), requirements.end(), [](auto& a, auto& b) { return a.key < b.key; });
    return requirements;
  }

 private:
  Result<Requirement> requirement() {
    Requirement r;
    bool negated = lexer_.token() == Token::kNot;
    if (negated) lexer_.next();
    if (lexer_.token() != Token::kWord) return bad("found " + quoted(lexer_.literal()) + ", expected: identifier");
    r.key = lexer_.literal();
    if (!is_qualified_name(r.key)) return bad(key_problem(r.key));
    lexer_.next();
    if (negated || lexer_.token() == Token::kEnd || lexer_.token() == Token::kComma) {
      r.op = negated ? Op::kNotExists : Op::kExists;
      return r;
    }
    bool set = false;
    switch (lexer_.token()) {
      case Token::kEqual: r.op = Op::kIn; break;
      case Token::kNotEqual: r.op = Op::kNotIn; break;
      case Token::kGreater: r.op = Op::kGreater; break;
      case Token::kLess: r.op = Op::kLess; break;
      default:
        if (lexer_.literal() == "in") r.op = Op::kIn;
        else if (lexer_.literal() == "notin") r.op = Op::kNotIn;
        else return bad("found " + quoted(lexer_.literal()) + ", expected: in, notin, =, ==, !=, gt, lt");
        set = true;
    }
    lexer_.next();
    r.set = set;
    if (Status s = set ? values(r) : exact_value(r); !s) return s.error();
    for (const auto& value : r.values)
      if (!is_label_value(value)) return bad(value_problem(r.key, value));
    if ((r.op == Op::kGreater || r.op == Op::kLess) && !parse_int(r.values.front()))
      return bad("values[0][" + r.key + "]: Invalid value: \"" + r.values.front() +
                 "\": for 'Gt', 'Lt' operators, the value must be an integer");
    std::sort(r.values.begin(), r.values.end());
    r.values.erase(std::unique(r.values.begin(), r.values.end()), r.values.end());
    return r;
  }

  Status exact_value(Requirement& r) {
    if (lexer_.token() == Token::kEnd || lexer_.token() == Token::kComma) {
      r.values.emplace_back();
      return {};
    }
    if (lexer_.token() != Token::kWord) return bad("found " + quoted(lexer_.literal()) + ", expected: identifier");
    r.values.emplace_back(lexer_.literal());
    lexer_.next();
    return {};
  }

  Status values(Requirement& r) {
    if (lexer_.token() != Token::kOpen) return bad("found " + quoted(lexer_.literal()) + " expected: '('");
    lexer_.next();
    for (;;) {
      if (lexer_.token() == Token::kWord) {
        r.values.emplace_back(lexer_.literal());
        lexer_.next();
      } else if (lexer_.token() == Token::kComma || lexer_.token() == Token::kClose) {
        r.values.emplace_back();  // "in (,)" names the empty value
      } else {
        return bad("found " + quoted(lexer_.literal()) + ", expected: ',', ')' or identifier");
      }
      if (lexer_.token() == Token::kClose) break;
      if (lexer_.token() != Token::kComma) return bad("found " + quoted(lexer_.literal()) + ", expected: ',' or ')'");
      lexer_.next();
    }
    lexer_.next();
    return {};
  }

  static std::string key_problem(std::string_view key) {
    return "key: Invalid value: \"" + std::string(key) +
           "\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
           "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
           "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  }
  static std::string value_problem(std::string_view key, std::string_view value) {
    return "values[0][" + std::string(key) + "]: Invalid value: \"" + std::string(value) + "\": " +
           (value.size() > 63 ? "must be no more than 63 bytes"
                              : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "
                                "or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
                                "'my_value',  or '12345', regex used for validation is "
                                "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  }

  Lexer lexer_;
};

// `value` is null where the label is missing.
bool holds(const Requirement& r, const std::string* value) {
  auto listed = [&] { return std::binary_search(r.values.begin(), r.values.end(), *value); };
  switch (r.op) {
    case Op::kIn: return value != nullptr && listed();
    case Op::kNotIn: return value == nullptr || !listed();
    case Op::kExists: return value != nullptr;
    case Op::kNotExists: return value == nullptr;
    case Op::kGreater:
    case Op::kLess: {
      if (value == nullptr) return false;
      auto have = parse_int(*value), want = parse_int(r.values.empty() ? "" : r.values.front());
      return have && want && (r.op == Op::kGreater ? *have > *want : *have < *want);
    }
  }
  return false;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  if (text.size() > kMaxSelector) return bad("unable to parse requirement: the selector is too long");
  auto requirements = Parser(text).parse();
  if (!requirements) return bad("unable to parse requirement: " + requirements.error().message);
  LabelSelector selector;
  selector.requirements_ = std::move(requirements).value();
  return selector;
}

Result<LabelSelector> LabelSelector::from_json(const Json& json) {
  LabelSelector selector;
  if (!json.is_object()) {
    selector.nothing_ = true;
    return selector;
  }
  for (const auto& [key, value] : json::object_or_empty(json::find(json, "matchLabels")).items()) {
    if (!value.is_string()) return bad("matchLabels must map strings to strings");
    selector.requirements_.push_back({key, Op::kIn, {value.get<std::string>()}});
  }
  for (const auto& e : json::array_or_empty(json::find(json, "matchExpressions"))) {
    Requirement r;
    r.key = json::str(e, "key");
    std::string op = json::str(e, "operator");
    r.set = op == "In" || op == "NotIn";
    if (op == "In") r.op = Op::kIn;
    else if (op == "NotIn") r.op = Op::kNotIn;
    else if (op == "Exists") r.op = Op::kExists;
    else if (op == "DoesNotExist") r.op = Op::kNotExists;
    else return bad("\"" + op + "\" is not a valid label selector operator");
    for (const auto& v : json::array_or_empty(json::find(e, "values")))
      if (v.is_string()) r.values.push_back(v.get<std::string>());
    std::sort(r.values.begin(), r.values.end());
    selector.requirements_.push_back(std::move(r));
  }
  std::stable_sort(selector.requirements_.begin(), selector.requirements_.end(), [](auto& a, auto& b) { return a.key < b.key; });
  return selector;
}

LabelSelector LabelSelector::from_map(const Json& map) {
  LabelSelector selector;
  for (const auto& [key, value] : json::object_or_empty(map).items())
    if (value.is_string()) selector.requirements_.push_back({key, Op::kIn, {value.get<std::string>()}});
  selector.nothing_ = selector.requirements_.empty();
  return selector;
}

bool LabelSelector::matches(const Labels& labels) const {
  if (nothing_) return false;
  for (const auto& r : requirements_)
    if (!holds(r, find_label(labels, r.key))) return false;
  return true;
}

bool LabelSelector::matches_json(const Json& labels) const {
  if (nothing_) return false;
  for (const auto& r : requirements_) {
    const Json& value = json::find(labels, r.key);
    if (!holds(r, value.is_string() ? &value.get_ref<const std::string&>() : nullptr)) return false;
  }
  return true;
}

std::string LabelSelector::to_string() const {
  std::string text;
  for (const auto& r : requirements_) {
    if (!text.empty()) text += ",";
    if (r.op == Op::kNotExists) text += "!";
    text += r.key;
    auto list = [&] { return "(" + join(r.values, ",") + ")"; };
    switch (r.op) {
      case Op::kIn: text += r.set ? " in " + list() : "=" + join(r.values, ""); break;
      case Op::kNotIn: text += r.set ? " notin " + list() : "!=" + join(r.values, ""); break;
      case Op::kGreater: text += ">" + join(r.values, ""); break;
      case Op::kLess: text += "<" + join(r.values, ""); break;
      case Op::kExists:
      case Op::kNotExists: break;
    }
  }
  return text;
}

Labels labels_from_json(const Json& map) {
  Labels labels;
  for (const auto& [key, value] : json::object_or_empty(map).items())
    if (value.is_string()) labels.emplace_back(key, value.get<std::string>());
  return labels;
}

}  // namespace skerry::api
