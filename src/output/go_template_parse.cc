#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/decimal.h"
#include "output/go_format.h"
#include "output/go_template_lex.h"
#include "output/go_template_node.h"
#include "output/unquote.h"

namespace skerry::output::go_template {
namespace {

using Kind = Item::Type;
using Type = Node::Type;

constexpr size_t kMaxText = 256 * 1024;
constexpr int kMaxNesting = 200;

NodePtr make(Type type, size_t pos, std::string text = "") {
  auto node = std::make_unique<Node>();
  node->type = type;
  node->pos = pos;
  node->text = std::move(text);
  return node;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) {
    program_.name = name;
    program_.text = text;
    items_ = lex(text);
  }

  Result<Program> run() {
    program_.root = make(Type::kList, 0);
    while (peek().type != Kind::kEnd) {
      if (peek().type == Kind::kLeft) {
        size_t before = at_++;
        if (next_word().type == Kind::kDefine) {
          TRY(definition());
          continue;
        }
        at_ = before;
      }
      NodePtr node = TRY(text_or_action());
      if (node->type == Type::kEnd || node->type == Type::kElse) return error("unexpected " + node->to_string());
      program_.root->nodes.push_back(std::move(node));
    }
    return std::move(program_);
  }

 private:
  const Item& peek() const { return items_[std::min(at_, items_.size() - 1)]; }
  const Item& next() {
    const Item& item = peek();
    if (at_ < items_.size()) ++at_;
    line_ = item.line;
    return item;
  }
  void skip_space() {
    while (peek().type == Kind::kSpace) ++at_;
  }
  const Item& peek_word() {
    skip_space();
    return peek();
  }
  const Item& next_word() {
    skip_space();
    return next();
  }

  Error error(const std::string& message) const {
    return {Reason::kBadRequest, "template: " + program_.name + ":" + std::to_string(line_) + ": " + message};
  }
  Error unexpected(const Item& item, const std::string& where) {
    line_ = item.line;
    if (item.type != Kind::kError) return error("unexpected " + item.to_string() + " in " + where);
    std::string extra;
    if (action_line_ != 0 && action_line_ != item.line) {
      extra = " in action started at " + program_.name + ":" + std::to_string(action_line_);
      if (item.value.ends_with(" action")) extra = extra.substr(std::string_view(" in action").size());
    }
    return error(item.value + extra);
  }
  Result<Item> expect(Kind kind, const std::string& where) {
    Item item = next_word();
    if (item.type != kind) return unexpected(item, where);
    return item;
  }

  // RAII for the nesting bound.
  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  };

  Result<void> definition() {
    Item name_item = next_word();
    std::string name = TRY(template_name(name_item, "define clause"));
    TRY(expect(Kind::kRight, "define clause"));
    auto outer = std::exchange(vars_, {"$"});
    NodePtr end;
    NodePtr body = TRY(item_list(end));
    vars_ = std::move(outer);
    if (end->type != Type::kEnd) return error("unexpected " + end->to_string() + " in define clause");
    define(name, std::move(body));
    return {};
  }

  void define(const std::string& name, NodePtr body) {
    bool empty = std::all_of(body->nodes.begin(), body->nodes.end(), [](const NodePtr& n) {
      return n->type == Type::kText && n->text.find_first_not_of(" \t\r\n") == std::string::npos;
    });
    // An empty definition does not replace another.
    auto [it, added] = program_.templates.try_emplace(name);
    if (added || !empty) it->second = std::move(body);
  }

  Result<std::string> template_name(const Item& item, const std::string& where) {
    if (item.type != Kind::kString && item.type != Kind::kRawString) return unexpected(item, where);
    std::string inside = item.value.substr(1, item.value.size() - 2);
    if (item.type == Kind::kRawString) return inside;
    auto text = unquote_go(inside, '"');
    if (!text) return error("invalid syntax");
    return *text;
  }

  Result<NodePtr> text_or_action() {
    Item item = next_word();
    if (item.type == Kind::kText) return make(Type::kText, item.pos, item.value);
    if (item.type == Kind::kLeft) {
      action_line_ = item.line;
      auto node = action();
      if (node) action_line_ = 0;
      return node;
    }
    return unexpected(item, "input");
  }

  // Up to {{end}} or {{else}}, which comes back in `end`.
  Result<NodePtr> item_list(NodePtr& end) {
    Deeper deeper(depth_);
    if (depth_ > kMaxNesting) return error("the template is nested too deeply");
    NodePtr list = make(Type::kList, peek_word().pos);
    while (peek_word().type != Kind::kEnd) {
      NodePtr node = TRY(text_or_action());
      if (node->type == Type::kEnd || node->type == Type::kElse) {
        end = std::move(node);
        return list;
      }
      list->nodes.push_back(std::move(node));
    }
    line_ = peek().line;
    return error("unexpected EOF");
  }

  Result<NodePtr> action() {
    Item item = next_word();
    switch (item.type) {
      case Kind::kBlock: return block(item.pos);
      case Kind::kBreak:
      case Kind::kContinue: {
        std::string word = "{{" + item.value + "}}";
        Item after = next_word();
        if (after.type != Kind::kRight) return unexpected(after, word);
        if (ranges_ == 0) return error(word + " outside {{range}}");
        return make(item.type == Kind::kBreak ? Type::kBreak : Type::kContinue, item.pos);
      }
      case Kind::kElse: {
        Kind after = peek_word().type;
        if (after == Kind::kIf || after == Kind::kWith) return make(Type::kElse, peek().pos);
        Item right = TRY(expect(Kind::kRight, "else"));
        return make(Type::kElse, right.pos);
      }
      case Kind::kEndWord: {
        Item right = TRY(expect(Kind::kRight, "end"));
        return make(Type::kEnd, right.pos);
      }
      case Kind::kIf: return control(Type::kIf, "if");
      case Kind::kRange: return control(Type::kRange, "range");
      case Kind::kWith: return control(Type::kWith, "with");
      case Kind::kTemplate: {
        Item name_item = next_word();
        std::string name = TRY(template_name(name_item, "template clause"));
        NodePtr node = make(Type::kTemplate, name_item.pos, name);
        if (peek_word().type == Kind::kRight) next();
        else node->pipe = TRY(pipeline("template clause", Kind::kRight));
        return node;
      }
      default: break;
    }
    --at_;
    NodePtr node = make(Type::kAction, peek().pos);
    node->pipe = TRY(pipeline("command", Kind::kRight));
    return node;
  }

  Result<NodePtr> block(size_t) {
    Item name_item = next_word();
    std::string name = TRY(template_name(name_item, "block clause"));
    NodePtr node = make(Type::kTemplate, name_item.pos, name);
    node->pipe = TRY(pipeline("block clause", Kind::kRight));
    NodePtr end;
    auto outer = std::exchange(vars_, {"$"});
    NodePtr body = TRY(item_list(end));
    vars_ = std::move(outer);
    if (end->type != Type::kEnd) return error("unexpected " + end->to_string() + " in block clause");
    define(name, std::move(body));
    return node;
  }

  Result<NodePtr> control(Type type, const std::string& word) {
    Deeper deeper(depth_);
    if (depth_ > kMaxNesting) return error("the template is nested too deeply");
    size_t vars = vars_.size();
    NodePtr node = make(type, peek_word().pos);
    node->pipe = TRY(pipeline(word, Kind::kRight));
    if (type == Type::kRange) ++ranges_;
    NodePtr end;
    auto body = item_list(end);
    if (type == Type::kRange) --ranges_;
    node->body = TRY(std::move(body));
    if (end->type == Type::kElse) {
      bool chained = (type == Type::kIf && peek().type == Kind::kIf) || (type == Type::kWith && peek().type == Kind::kWith);
      if (chained) {
        next();
        NodePtr inner = TRY(control(type, word));
        node->otherwise = make(Type::kList, inner->pos);
        node->otherwise->nodes.push_back(std::move(inner));
      } else {
        // "{{else with}}" belongs to with only, "{{else if}}" to if only; the rest of it is no list.
        if (peek().type == Kind::kIf || peek().type == Kind::kWith) return unexpected(peek(), "input");
        NodePtr last;
        node->otherwise = TRY(item_list(last));
        if (last->type != Type::kEnd) return error("expected end; found " + last->to_string());
      }
    }
    vars_.resize(vars);
    return node;
  }

  Result<NodePtr> pipeline(const std::string& where, Kind end) {
    Deeper deeper(depth_);
    if (depth_ > kMaxNesting) return error("the template is nested too deeply");
    NodePtr pipe = make(Type::kPipe, peek_word().pos);
    while (peek_word().type == Kind::kVariable) {
      size_t before = at_;
      Item variable = next();
      Item after = peek_word();
      if (after.type == Kind::kAssign || after.type == Kind::kDeclare) {
        next();
        pipe->assigns = after.type == Kind::kAssign;
        pipe->declared.push_back(variable.value);
        vars_.push_back(variable.value);
        break;
      }
      if (after.type == Kind::kChar && after.value == ",") {
        next();
        pipe->declared.push_back(variable.value);
        vars_.push_back(variable.value);
        if (where == "range" && pipe->declared.size() < 2) {
          Kind then = peek_word().type;
          if (then == Kind::kVariable || then == Kind::kRight || then == Kind::kRightParen) continue;
          return error("range can only initialize variables");
        }
        return error("too many declarations in " + where);
      }
      at_ = before;
      break;
    }
    while (true) {
      Item item = next_word();
      if (item.type == end) break;
      switch (item.type) {
        case Kind::kBool: case Kind::kRune: case Kind::kDot: case Kind::kField: case Kind::kIdentifier: case Kind::kNumber:
        case Kind::kNil: case Kind::kRawString: case Kind::kString: case Kind::kVariable: case Kind::kLeftParen: {
          --at_;
          NodePtr one = TRY(command());
          pipe->nodes.push_back(std::move(one));
          break;
        }
        default: return unexpected(item, where);
      }
    }
    if (pipe->nodes.empty()) return error("missing value for " + where);
    for (size_t i = 1; i < pipe->nodes.size(); ++i) {
      Type first = pipe->nodes[i]->nodes[0]->type;
      if (first == Type::kBool || first == Type::kDot || first == Type::kNil || first == Type::kNumber || first == Type::kString)
        return error("non executable command in pipeline stage " + std::to_string(i + 1));
    }
    return pipe;
  }

  Result<NodePtr> command() {
    NodePtr out = make(Type::kCommand, peek_word().pos);
    while (true) {
      skip_space();
      NodePtr one = TRY(operand());
      if (one) out->nodes.push_back(std::move(one));
      Item item = next();
      if (item.type == Kind::kSpace) continue;
      if (item.type == Kind::kRight || item.type == Kind::kRightParen) --at_;
      else if (item.type != Kind::kPipe) return unexpected(item, "operand");
      break;
    }
    if (out->nodes.empty()) return error("empty command");
    return out;
  }

  Result<NodePtr> operand() {
    NodePtr node = TRY(term());
    if (!node || peek().type != Kind::kField) return node;
    size_t pos = peek().pos;
    std::vector<std::string> names;
    while (peek().type == Kind::kField) names.push_back(next().value.substr(1));
    switch (node->type) {
      case Type::kField:
      case Type::kVariable:
        node->pos = pos;
        node->names.insert(node->names.end(), names.begin(), names.end());
        return node;
      case Type::kBool: case Type::kString: case Type::kNumber: case Type::kNil: case Type::kDot:
        return error("unexpected . after term " + go_quote(node->to_string()));
      default: {
        NodePtr chain = make(Type::kChain, pos);
        chain->names = std::move(names);
        chain->nodes.push_back(std::move(node));
        return chain;
      }
    }
  }

  // Null where no operand starts.
  Result<NodePtr> term() {
    Item item = next_word();
    switch (item.type) {
      case Kind::kIdentifier:
        if (!is_function(item.value)) return error("function " + go_quote(item.value) + " not defined");
        return make(Type::kIdentifier, item.pos, item.value);
      case Kind::kDot: return make(Type::kDot, item.pos);
      case Kind::kNil: return make(Type::kNil, item.pos);
      case Kind::kVariable: {
        if (std::find(vars_.begin(), vars_.end(), item.value) == vars_.end()) return error("undefined variable " + go_quote(item.value));
        NodePtr node = make(Type::kVariable, item.pos);
        node->names.push_back(item.value);
        return node;
      }
      case Kind::kField: {
        NodePtr node = make(Type::kField, item.pos);
        node->names.push_back(item.value.substr(1));
        return node;
      }
      case Kind::kBool: {
        NodePtr node = make(Type::kBool, item.pos, item.value);
        node->value = Value::boolean(item.value == "true");
        return node;
      }
      case Kind::kRune:
      case Kind::kNumber: return number(item);
      case Kind::kLeftParen: return pipeline("parenthesized pipeline", Kind::kRightParen);
      case Kind::kString:
      case Kind::kRawString: {
        std::string inside = item.value.substr(1, item.value.size() - 2);
        NodePtr node = make(Type::kString, item.pos, item.value);
        if (item.type == Kind::kRawString) {
          std::erase(inside, '\r');
          node->value = Value::string(inside);
          return node;
        }
        auto text = unquote_go(inside, '"');
        if (!text) return error("invalid syntax");
        node->value = Value::string(*text);
        return node;
      }
      default: break;
    }
    --at_;
    return NodePtr();
  }

  Result<NodePtr> number(const Item& item) {
    NodePtr node = make(Type::kNumber, item.pos, item.value);
    if (item.type == Kind::kRune) {
      auto text = unquote_go(std::string_view(item.value).substr(1, item.value.size() - 2), '\'');
      if (!text || text->empty() || decode_utf8(*text, 0).length != text->size()) return error("malformed character constant: " + item.value);
      node->value = Value::integer(static_cast<int64_t>(decode_utf8(*text, 0).value));
      return node;
    }
    std::string text = item.value;
    std::erase(text, '_');
    std::string_view digits = text;
    bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    int base = 10;
    if (digits.size() > 1 && digits[0] == '0' && digits.find_first_of(".eE") == std::string_view::npos) {
      char kind = static_cast<char>(digits[1] | 0x20);
      base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
      digits.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    } else if (digits.starts_with("0x") || digits.starts_with("0X")) {
      base = 16;
      digits.remove_prefix(2);
    }
    uint64_t whole = 0;
    auto r = std::from_chars(digits.data(), digits.data() + digits.size(), whole, base);
    if (r.ec == std::errc() && r.ptr == digits.data() + digits.size()) {
      if (whole > INT64_MAX) return node;  // without a value: an error where it is used
      node->value = Value::integer(negative ? -static_cast<int64_t>(whole) : static_cast<int64_t>(whole));
      return node;
    }
    bool looks_whole = digits.find_first_of(".eEpP") == std::string_view::npos;
    const auto real = base == 10 ? parse_double(digits) : std::nullopt;
    if (!real) return error("illegal number syntax: " + go_quote(item.value));
    if (looks_whole) return error("integer overflow: " + go_quote(item.value));
    node->value = Value::real(negative ? -*real : *real);
    return node;
  }

  Program program_;
  std::vector<Item> items_;
  size_t at_ = 0;
  int line_ = 1;
  int action_line_ = 0;
  int depth_ = 0;
  int ranges_ = 0;
  std::vector<std::string> vars_{"$"};
};

std::string joined(const std::vector<NodePtr>& nodes, const char* between) {
  std::string out;
  for (const auto& node : nodes) {
    if (!out.empty()) out += between;
    out += node->type == Type::kPipe ? "(" + node->to_string() + ")" : node->to_string();
  }
  return out;
}

}  // namespace

std::string Node::to_string() const {
  auto dotted = [](const std::vector<std::string>& names, size_t from) {
    std::string out;
    for (size_t i = from; i < names.size(); ++i) out += "." + names[i];
    return out;
  };
  switch (type) {
    case Type::kEnd: return "{{end}}";
    case Type::kElse: return "{{else}}";
    case Type::kBreak: return "{{break}}";
    case Type::kContinue: return "{{continue}}";
    case Type::kAction: return "{{" + pipe->to_string() + "}}";
    case Type::kTemplate: return "{{template " + go_quote(text) + (pipe ? " " + pipe->to_string() : "") + "}}";
    case Type::kPipe: {
      std::string out;
      for (const auto& name : declared) out += (out.empty() ? "" : ", ") + name;
      if (!out.empty()) out += assigns ? " = " : " := ";
      return out + joined(nodes, " | ");
    }
    case Type::kCommand: return joined(nodes, " ");
    case Type::kField: return dotted(names, 0);
    case Type::kVariable: return names[0] + dotted(names, 1);
    case Type::kChain: return joined(nodes, " ") + dotted(names, 0);
    case Type::kDot: return ".";
    case Type::kNil: return "nil";
    default: return text;
  }
}

Result<Program> parse(std::string_view text, std::string_view name) {
  if (text.size() > kMaxText) return Error(Reason::kBadRequest, "template: " + std::string(name) + ": the template is too long");
  return Parser(text, name).run();
}

}  // namespace skerry::output::go_template
