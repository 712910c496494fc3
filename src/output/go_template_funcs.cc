#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "output/go_template_node.h"
#include "output/json_text.h"
#include "output/unquote.h"

namespace skerry::output::go_template {
namespace {

using Kind = Value::Kind;

struct Function {
  std::string_view name;
  Arity arity;
};

constexpr Function kFunctions[] = {
    {"and", {1, -1, false}},     {"or", {1, -1, false}},      {"not", {1, 1, false}},      {"len", {1, 1, false}},
    {"index", {1, -1, false}},   {"slice", {1, -1, false}},   {"print", {0, -1, false}},   {"printf", {1, -1, true}},
    {"println", {0, -1, false}}, {"html", {0, -1, false}},    {"js", {0, -1, false}},      {"urlquery", {0, -1, false}},
    {"call", {1, -1, false}},    {"eq", {1, -1, false}},      {"ne", {2, 2, false}},       {"lt", {2, 2, false}},
    {"le", {2, 2, false}},       {"gt", {2, 2, false}},       {"ge", {2, 2, false}},       {"exists", {1, -1, false}},
    {"base64decode", {1, 1, true}},
};

Error failed(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

// Values that compare: bool, int, float and string; nothing else has a kind.
bool basic(const Value& v) { return v.kind() == Kind::kBool || v.kind() == Kind::kInt || v.kind() == Kind::kFloat || v.kind() == Kind::kString; }

bool no_value(const Value& v) { return !v.valid() || v.is_nil(); }

Error incompatible(const Value& a, const Value& b) {
  return failed("incompatible types for comparison: " + a.inner_type_name() + " and " + b.inner_type_name());
}

Result<bool> equal(const Value& a, const Value& b) {
  if (basic(a) != basic(b) || (basic(a) && a.kind() != b.kind())) {
    if (!no_value(a) && !no_value(b)) return incompatible(a, b);
    return false;
  }
  switch (a.kind()) {
    case Kind::kBool: return a.flag() == b.flag();
    case Kind::kInt: return a.integer() == b.integer();
    case Kind::kFloat: return a.real() == b.real();
    case Kind::kString: return a.string() == b.string();
    default: break;
  }
  if (no_value(a) || no_value(b)) return no_value(a) == no_value(b);
  if (a.kind() != b.kind()) return failed(go_sprintf("non-comparable types %s: ", {a}) + a.inner_type_name() + ", " + b.inner_type_name() + go_sprintf(": %s", {b}));
  return failed(go_sprintf("non-comparable type %s: ", {b}) + b.inner_type_name());
}

Result<bool> less(const Value& a, const Value& b) {
  if (!basic(a) || !basic(b)) return failed("invalid type for comparison");
  if (a.kind() != b.kind()) return incompatible(a, b);
  switch (a.kind()) {
    case Kind::kInt: return a.integer() < b.integer();
    case Kind::kFloat: return a.real() < b.real();
    case Kind::kString: return a.string() < b.string();
    default: return failed("invalid type for comparison");
  }
}

Result<Value> compare(std::string_view name, const std::vector<Value>& args) {
  if (name == "eq") {
    if (args.size() < 2) return failed("missing argument for comparison");
    for (size_t i = 1; i < args.size(); ++i)
      if (TRY(equal(args[0], args[i]))) return Value::boolean(true);
    return Value::boolean(false);
  }
  if (name == "ne") return Value::boolean(!TRY(equal(args[0], args[1])));
  if (name == "lt") return Value::boolean(TRY(less(args[0], args[1])));
  if (name == "ge") return Value::boolean(!TRY(less(args[0], args[1])));
  bool less_or_equal = TRY(less(args[0], args[1]));
  if (!less_or_equal) less_or_equal = TRY(equal(args[0], args[1]));
  return Value::boolean(less_or_equal == (name == "le"));
}

Result<int64_t> index_of(const Value& index, int64_t limit) {
  if (no_value(index)) return failed("cannot index slice/array with nil");
  if (index.kind() != Kind::kInt) return failed("cannot index slice/array with type " + index.inner_type_name());
  if (index.integer() < 0 || index.integer() >= limit) return failed("index out of range: " + std::to_string(index.integer()));
  return index.integer();
}

Result<Value> index(const std::vector<Value>& args) {
  Value item = args[0];
  if (no_value(item)) return failed("index of untyped nil");
  for (size_t i = 1; i < args.size(); ++i) {
    if (no_value(item)) return failed("index of nil pointer");
    const Value& by = args[i];
    if (item.kind() == Kind::kArray) {
      int64_t at = TRY(index_of(by, static_cast<int64_t>(item.json().size())));
      item = Value::of(item.json()[static_cast<size_t>(at)]);
    } else if (item.kind() == Kind::kString) {
      int64_t at = TRY(index_of(by, static_cast<int64_t>(item.string().size())));
      item = Value::integer(static_cast<unsigned char>(item.string()[static_cast<size_t>(at)]));
    } else if (item.kind() == Kind::kMap) {
      if (no_value(by)) return failed("value is nil; should be of type string");
      if (by.kind() != Kind::kString) return failed("value has type " + by.inner_type_name() + "; should be string");
      auto it = item.json().find(by.string());
      item = it == item.json().end() ? Value::nil() : Value::of(*it);
    } else {
      return failed("can't index item of type " + item.inner_type_name());
    }
  }
  return item;
}

// kubectl's own: would index() find something that is not nil?
bool exists(const std::vector<Value>& args) {
  if (args.size() == 1) return true;  // even of nothing
  if (no_value(args[0])) return false;
  Value item = args[0];
  for (size_t i = 1; i < args.size(); ++i) {
    if (item.kind() == Kind::kFloat || item.kind() == Kind::kBool || item.kind() == Kind::kInt) return false;
    if ((item.kind() == Kind::kMap) != (args[i].kind() == Kind::kString)) return false;
    auto next = index({item, args[i]});
    if (!next || no_value(*next)) return false;
    item = *next;
  }
  return true;
}

Result<Value> slice(const std::vector<Value>& args, Keeper& owned) {
  const Value& item = args[0];
  if (no_value(item)) return failed("slice of untyped nil");
  if (args.size() > 4) return failed("too many slice indexes: " + std::to_string(args.size() - 1));
  bool text = item.kind() == Kind::kString;
  if (!text && item.kind() != Kind::kArray) return failed("can't slice item of type " + item.inner_type_name());
  if (text && args.size() == 4) return failed("cannot 3-index slice a string");
  auto size = static_cast<int64_t>(text ? item.string().size() : item.json().size());
  int64_t bounds[3] = {0, size, size};
  for (size_t i = 1; i < args.size(); ++i) {
    // Go's slice() does not look into interfaces.
    if (args[i].kind() == Kind::kInt && args[i].type_name() == "interface {}") return failed("cannot index slice/array with type interface {}");
    bounds[i - 1] = TRY(index_of(args[i], size + 1));
  }
  if (bounds[0] > bounds[1]) return failed("invalid slice index: " + std::to_string(bounds[0]) + " > " + std::to_string(bounds[1]));
  if (args.size() == 4 && bounds[1] > bounds[2]) return failed("invalid slice index: " + std::to_string(bounds[1]) + " > " + std::to_string(bounds[2]));
  if (text) return Value::string(item.string().substr(static_cast<size_t>(bounds[0]), static_cast<size_t>(bounds[1] - bounds[0])));
  auto part = std::make_unique<Json>(Json::array());
  for (int64_t i = bounds[0]; i < bounds[1]; ++i) part->push_back(item.json()[static_cast<size_t>(i)]);
  owned.push_back(std::move(part));
  return Value::of(*owned.back(), true);
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&#34;"; break;
      case '\'': out += "&#39;"; break;
      case '\0': out += "\xef\xbf\xbd"; break;
      default: out += c;
    }
  }
  return out;
}

std::string escape_js(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    CodePoint c = decode_utf8(text, i);
    switch (c.value) {
      case '\\': out += "\\\\"; break;
      case '\'': out += "\\'"; break;
      case '"': out += "\\\""; break;
      case '<': out += "\\u003C"; break;
      case '>': out += "\\u003E"; break;
      case '&': out += "\\u0026"; break;
      case '=': out += "\\u003D"; break;
      default:
        if (c.value < 0x20 || c.value == 0x7f) {
          static constexpr char kHex[] = "0123456789ABCDEF";
          out += "\\u00";
          out += kHex[c.value >> 4];
          out += kHex[c.value & 15];
        } else {
          out += text.substr(i, c.length);
        }
    }
    i += c.length;
  }
  return out;
}

std::string escape_query(std::string_view text) {
  std::string out;
  for (auto part : split(text, ' ')) {
    if (part.data() != text.data()) out += '+';
    out += url_encode(part);
  }
  return out;
}

// The text of all arguments: a single string as it is.
std::string all_text(const std::vector<Value>& args) { return args.size() == 1 && args[0].kind() == Kind::kString ? args[0].string() : go_sprint(args); }

Result<Value> decode_base64(const std::string& text) {
  auto bytes = base64_decode(text);
  if (bytes) return Value::string(*bytes);
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";
  size_t at = std::min(text.find_first_not_of(kAlphabet), text.size());
  return failed("base64 decode failed: illegal base64 data at input byte " + std::to_string(at));
}

}  // namespace

bool is_function(std::string_view name) { return function_arity(name) != nullptr; }

const Arity* function_arity(std::string_view name) {
  for (const auto& function : kFunctions)
    if (function.name == name) return &function.arity;
  return nullptr;
}

Result<Value> call_function(std::string_view name, const std::vector<Value>& args, Keeper& owned) {
  if (name == "not") return Value::boolean(!args[0].truth());
  if (name == "index") return index(args);
  if (name == "slice") return slice(args, owned);
  if (name == "print") return Value::string(go_sprint(args));
  if (name == "println") return Value::string(go_sprintln(args));
  if (name == "printf") return Value::string(go_sprintf(args[0].string(), {args.begin() + 1, args.end()}));
  if (name == "html") return Value::string(escape_html(all_text(args)));
  if (name == "js") return Value::string(escape_js(all_text(args)));
  if (name == "urlquery") return Value::string(escape_query(all_text(args)));
  if (name == "exists") return Value::boolean(exists(args));
  if (name == "base64decode") return decode_base64(args[0].string());
  if (name == "call") return failed("call of nil");  // there are no functions among the values
  if (name == "len") {
    if (args[0].is_nil()) return failed("len of nil pointer");
    if (!args[0].valid()) return failed("reflect: call of reflect.Value.Type on zero Value");
    if (args[0].kind() == Kind::kString) return Value::integer(static_cast<int64_t>(args[0].string().size()));
    if (args[0].kind() == Kind::kArray || args[0].kind() == Kind::kMap) return Value::integer(static_cast<int64_t>(args[0].json().size()));
    return failed("len of type " + args[0].inner_type_name());
  }
  return compare(name, args);
}

}  // namespace skerry::output::go_template
