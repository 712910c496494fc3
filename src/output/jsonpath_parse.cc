#include <algorithm>
#include <charconv>

#include "base/decimal.h"
#include "base/strings.h"
#include "output/jsonpath_node.h"
#include "output/unquote.h"

namespace skerry::output::jsonpath_detail {
namespace {

constexpr size_t kMaxText = 256 * 1024;
constexpr int kMaxNesting = 20;  // templates inside filters and unions

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Node leaf(Node::Type type, std::string text = "") {
  Node node;
  node.type = type;
  if (type == Node::Type::kText) node.literal = text;
  node.text = std::move(text);
  return node;
}

Node literal(Json value) {
  Node node;
  node.type = Node::Type::kLiteral;
  node.literal = std::move(value);
  return node;
}

bool is_operator(char c) { return c == '!' || c == '<' || c == '>' || c == '='; }

class Parser {
 public:
  Parser(std::string_view input, int nesting) : in_(input), nesting_(nesting) {}

  // Text with actions in braces.
  Result<Node> parse_template() {
    Node root;
    while (at_ < in_.size()) {
      size_t brace = in_.find('{', at_);
      if (brace != at_) root.nodes.push_back(leaf(Node::Type::kText, std::string(in_.substr(at_, brace == std::string_view::npos ? brace : brace - at_))));
      if (brace == std::string_view::npos) break;
      at_ = brace + 1;
      Node action = TRY(parse_action());
      root.nodes.push_back(std::move(action));
    }
    return root;
  }

 private:
  static constexpr char32_t kEnd = 0xffffffff;

  char32_t peek() const { return at_ < in_.size() ? decode_utf8(in_, at_).value : kEnd; }
  char32_t next() {
    if (at_ >= in_.size()) return kEnd;
    CodePoint p = decode_utf8(in_, at_);
    at_ += p.length;
    return p.value;
  }
  bool skip(std::string_view prefix) {
    if (!in_.substr(at_).starts_with(prefix)) return false;
    at_ += prefix.size();
    return true;
  }
  static bool is_terminator(char32_t c) {
    static constexpr std::u32string_view kTerminators = U" \t\r\n.,[]$@{}";
    return c == kEnd || kTerminators.find(c) != std::u32string_view::npos;
  }

  // Behind '{'; ends behind its '}'.
  Result<Node> parse_action() {
    Node list;
    while (true) {
      if (skip("}")) return list;
      if (skip("[?(")) {
        TRY(parse_filter(list));
        continue;
      }
      if (skip("..")) {
        if (!list.nodes.empty() && list.nodes.back().type == Node::Type::kRecursive) return bad("invalid multiple recursive descent");
        list.nodes.push_back(leaf(Node::Type::kRecursive));
        if (is_identifier_char(peek()) && peek() != kEnd) parse_field(list);
        continue;
      }
      size_t start = at_;
      char32_t c = next();
      if (c == kEnd || c == '\n' || c == '\r') return bad("unclosed action");
      if (c == ' ' || c == '@' || c == '$') continue;
      if (c == '[') {
        TRY(parse_array(list, start));
      } else if (c == '"' || c == '\'') {
        TRY(parse_quote(list, static_cast<char>(c)));
      } else if (c == '.') {
        parse_field(list);
      } else if (c == '+' || c == '-' || (c >= '0' && c <= '9')) {
        at_ = start;
        TRY(parse_number(list));
      } else if (is_identifier_char(c)) {
        while (!is_terminator(peek())) next();
        std::string word(in_.substr(start, at_ - start));
        if (word == "true" || word == "false") list.nodes.push_back(literal(word == "true"));
        else list.nodes.push_back(leaf(Node::Type::kIdentifier, word));
      } else {
        return bad("unrecognized character in action: " + describe_char(c));
      }
    }
  }

  void parse_field(Node& list) {
    std::string name;
    bool escaped = false;
    while (true) {
      char32_t c = peek();
      if (c == '\\') {
        next();
        escaped = true;
        if (peek() != kEnd && peek() != '\\') append_utf8(name, peek());
        next();
        continue;
      }
      if (is_terminator(c)) break;
      append_utf8(name, next());
    }
    if (name == "*" && !escaped) list.nodes.push_back(leaf(Node::Type::kWildcard));
    else list.nodes.push_back(leaf(Node::Type::kField, name));
  }

  Result<void> parse_number(Node& list) {
    size_t start = at_;
    if (in_[at_] == '+' || in_[at_] == '-') ++at_;
    while (at_ < in_.size() && (in_[at_] == '.' || (in_[at_] >= '0' && in_[at_] <= '9'))) ++at_;
    std::string_view text = in_.substr(start, at_ - start);
    std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    int64_t whole = 0;
    auto end = digits.data() + digits.size();
    if (auto r = std::from_chars(digits.data(), end, whole); r.ec == std::errc() && r.ptr == end) {
      list.nodes.push_back(literal(whole));
      return {};
    }
    if (auto real = parse_double(digits)) {
      list.nodes.push_back(literal(*real));
      return {};
    }
    return bad("cannot parse number " + std::string(text));
  }

  Result<void> parse_quote(Node& list, char quote) {
    size_t start = at_ - 1;
    for (; at_ < in_.size() && in_[at_] != '\n'; ++at_)
      if (in_[at_] == quote && in_[at_ - 1] != '\\') break;
    if (at_ >= in_.size() || in_[at_] == '\n') return bad("unterminated quoted string");
    ++at_;
    std::string_view whole = in_.substr(start, at_ - start);
    std::string_view inside = whole.substr(1, whole.size() - 2);
    if (inside.find('\\') == std::string_view::npos && inside.find(quote) == std::string_view::npos) {
      list.nodes.push_back(leaf(Node::Type::kText, std::string(inside)));
      return {};
    }
    auto text = unquote_go(inside, quote);
    if (!text) return bad("unquote string " + std::string(whole) + " error invalid syntax");
    list.nodes.push_back(leaf(Node::Type::kText, *text));
    return {};
  }

  // The first action of "{text}".
  Result<Node> nested(const std::string& text) {
    if (nesting_ >= kMaxNesting) return bad("the template is nested too deeply");
    std::string whole = "{" + text + "}";
    Parser parser(whole, nesting_ + 1);
    Node root = TRY(parser.parse_template());
    return std::move(root.nodes[0]);
  }

  Result<void> parse_array(Node& list, size_t start) {
    while (at_ < in_.size() && in_[at_] != ']' && in_[at_] != '\n') ++at_;
    if (at_ >= in_.size() || in_[at_] == '\n') return bad("unterminated array");
    ++at_;
    std::string_view text = in_.substr(start + 1, at_ - start - 2);
    if (text == "*") text = ":";
    auto parts = split(text, ',');
    if (parts.size() > 1) {
      Node all;
      all.type = Node::Type::kUnion;
      for (auto part : parts) {
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        Node one = TRY(nested("[" + std::string(part) + "]"));
        all.nodes.push_back(std::move(one));
      }
      list.nodes.push_back(std::move(all));
      return {};
    }
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'' && text.find('\'', 1) == text.size() - 1) {
      Node inner = TRY(nested("." + std::string(text.substr(1, text.size() - 2))));
      for (auto& node : inner.nodes) list.nodes.push_back(std::move(node));
      return {};
    }
    return parse_bounds(list, text);
  }

  static Result<void> parse_bounds(Node& list, std::string_view text) {
    auto parts = split(text, ':');
    auto fits = [](std::string_view part) {
      if (part.starts_with('-')) part.remove_prefix(1);
      return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), fits)) return bad("invalid array index " + std::string(text));
    Node node;
    node.type = Node::Type::kArray;
    for (size_t i = 0; i < 3; ++i) {
      Bound& bound = node.bounds[i];
      if (i < parts.size() && !parts[i].empty()) {
        auto value = parse_int(parts[i]);
        if (!value) return bad("array index " + std::string(parts[i]) + " is not a number");
        bound.known = true;
        bound.value = *value;
      } else if (i == 1 && parts.size() == 1) {
        bound.known = bound.derived = true;
        bound.value = node.bounds[0].value == INT64_MAX ? INT64_MAX : node.bounds[0].value + 1;
      }
    }
    list.nodes.push_back(std::move(node));
    return {};
  }

  // Behind "[?(". Only the first quoted text may hold a ")": a rule of Kubernetes' own parser.
  Result<void> parse_filter(Node& list) {
    size_t start = at_;
    bool begin = false, end = false, done = false;
    char quote = 0;
    for (; !done; ++at_) {
      if (at_ >= in_.size() || in_[at_] == '\n') return bad("unterminated filter");
      char c = in_[at_];
      if (c == '"' || c == '\'') {
        if (!begin) {
          begin = true;
          quote = c;
        } else if (c == quote && in_[at_ - 1] != '\\') {
          end = true;
        }
      } else if (c == ')' && begin == end) {
        done = true;
      }
    }
    std::string_view text = in_.substr(start, at_ - 1 - start);
    if (next() != ']') return bad("unclosed array expect ]");

    Node filter;
    filter.type = Node::Type::kFilter;
    size_t op = 0;
    while (op < text.size() && !is_operator(text[op])) ++op;
    size_t right = op;
    while (right < text.size() && is_operator(text[right])) ++right;
    if (right == text.size() && right > op + 1) --right;
    if (op == 0 || right == op || right == text.size()) {
      filter.text = "exists";
      Node left = TRY(nested(std::string(text)));
      filter.nodes.push_back(std::move(left));
    } else {
      filter.text = text.substr(op, right - op);
      Node left_node = TRY(nested(std::string(text.substr(0, op))));
      Node right_node = TRY(nested(std::string(text.substr(right))));
      filter.nodes.push_back(std::move(left_node));
      filter.nodes.push_back(std::move(right_node));
    }
    list.nodes.push_back(std::move(filter));
    return {};
  }

  std::string_view in_;
  size_t at_ = 0;
  int nesting_;
};

}  // namespace

Result<Node> parse(std::string_view text) {
  if (text.size() > kMaxText) return bad("the template is too long");
  return Parser(text, 0).parse_template();
}

}  // namespace skerry::output::jsonpath_detail
