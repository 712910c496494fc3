#include "kustomize/node.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace skerry::kustomize {
namespace {

bool is_one_of(std::string_view s, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), s) != words.end();
}

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view s) {
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  size_t exponent = s.find_first_of("eE");
  std::string_view mantissa = s.substr(0, exponent);
  if (exponent != std::string_view::npos) {
    std::string_view e = s.substr(exponent + 1);
    if (!e.empty() && (e[0] == '-' || e[0] == '+')) e.remove_prefix(1);
    if (!all_digits(e)) return false;
  }
  size_t dot = mantissa.find('.');
  if (dot == std::string_view::npos) return all_digits(mantissa);
  std::string_view whole = mantissa.substr(0, dot);
  std::string_view fraction = mantissa.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction);
  return all_digits(whole) && (fraction.empty() || all_digits(fraction));
}

struct Integer {
  bool negative = false;
  uint64_t magnitude = 0;
  bool fits() const { return negative ? magnitude <= (uint64_t{1} << 63) : true; }
};

// Go's ParseInt(text, 0, 64) and ParseUint, underscores taken out before.
std::optional<Integer> parse_integer(std::string_view s) {
  Integer out;
  bool sign = !s.empty() && (s[0] == '-' || s[0] == '+');
  if (sign) {
    out.negative = s[0] == '-';
    s.remove_prefix(1);
  }
  int base = 10;
  if (s.size() > 1 && s[0] == '0') {
    char c = static_cast<char>(s[1] | 0x20);
    if (c == 'x') base = 16;
    else if (c == 'b') base = 2;
    else if (c == 'o') base = 8;
    if (base != 10) s.remove_prefix(2);
    else {
      base = 8;
      s.remove_prefix(1);
    }
  }
  if (s.empty()) return std::nullopt;
  auto r = std::from_chars(s.data(), s.data() + s.size(), out.magnitude, base);
  if (r.ec != std::errc() || r.ptr != s.data() + s.size() || !out.fits()) return std::nullopt;
  return out;
}

std::string without_underscores(std::string_view s) {
  std::string out(s);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

// "2001-01-01", optionally followed by "T" or blanks and a time with an optional zone: normalised to RFC 3339, or nothing.
std::optional<std::string> timestamp(std::string_view s) {
  size_t digits = 0;
  while (digits < s.size() && s[digits] >= '0' && s[digits] <= '9') ++digits;
  if (digits != 4 || s.size() <= 4 || s[4] != '-') return std::nullopt;
  size_t at = 5;
  auto number = [&](size_t least, size_t most, std::string& out) {
    size_t begin = at;
    while (at < s.size() && at - begin < most && s[at] >= '0' && s[at] <= '9') ++at;
    if (at - begin < least) return false;
    out = std::string(s.substr(begin, at - begin));
    if (out.size() < 2) out = "0" + out;
    return true;
  };
  std::string month, day, hour = "00", minute = "00", second = "00", fraction, zone = "Z";
  if (!number(1, 2, month) || at >= s.size() || s[at++] != '-' || !number(1, 2, day)) return std::nullopt;
  if (month > "12" || month == "00" || day > "31" || day == "00") return std::nullopt;
  if (at < s.size()) {
    if ((s[at] | 0x20) != 't' && s[at] != ' ') return std::nullopt;
    ++at;
    if (!number(1, 2, hour) || at >= s.size() || s[at++] != ':' || !number(2, 2, minute) || at >= s.size() || s[at++] != ':' || !number(2, 2, second)) return std::nullopt;
    if (at < s.size() && s[at] == '.') {
      size_t begin = at++;
      while (at < s.size() && s[at] >= '0' && s[at] <= '9') ++at;
      fraction = std::string(s.substr(begin, at - begin));
      while (!fraction.empty() && (fraction.back() == '0' || fraction.back() == '.')) fraction.pop_back();
    }
    if (at < s.size()) {
      if (s.substr(at) == "Z") {
        at = s.size();
      } else if ((s[at] == '+' || s[at] == '-') && s.size() - at == 6 && s[at + 3] == ':') {
        zone = std::string(s.substr(at));
        at = s.size();
      }
    }
    if (at != s.size() || hour > "23" || minute > "59" || second > "59") return std::nullopt;
  }
  return std::string(s.substr(0, 4)) + "-" + month + "-" + day + "T" + hour + ":" + minute + ":" + second + fraction + zone;
}

Json float_json(double d) {
  if (std::isfinite(d) && d == std::floor(d) && std::fabs(d) < 9.2e18) return static_cast<int64_t>(d);
  return d;
}

double parse_double(std::string_view s) {
  if (!s.empty() && s[0] == '+') s.remove_prefix(1);
  double d = 0;
  std::from_chars(s.data(), s.data() + s.size(), d);
  return d;
}

Json scalar_json(const Node& node) {
  switch (node.effective_tag()) {
    case Node::Tag::kNull: return nullptr;
    case Node::Tag::kBool: return (node.value[0] | 0x20) == 't';
    case Node::Tag::kTimestamp:
      if (auto t = timestamp(node.value)) return *t;
      return node.value;
    case Node::Tag::kInt: {
      auto i = parse_integer(without_underscores(node.value));
      if (!i) return node.value;
      if (i->negative) return static_cast<int64_t>(0 - i->magnitude);
      if (i->magnitude <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(i->magnitude);
      return i->magnitude;
    }
    case Node::Tag::kFloat: {
      std::string text = without_underscores(node.value);
      if (!looks_like_float(text)) return node.value;  // .inf, .nan: JSON has no such numbers
      return float_json(parse_double(text));
    }
    default: return node.value;
  }
}

}  // namespace

Node Node::map() {
  Node n;
  n.kind = Kind::kMap;
  return n;
}
Node Node::list() {
  Node n;
  n.kind = Kind::kList;
  return n;
}
Node Node::string(std::string text) {
  Node n;
  n.kind = Kind::kScalar;
  n.tag = Tag::kString;
  n.quoted = true;
  n.value = std::move(text);
  return n;
}
Node Node::plain(std::string text) {
  Node n;
  n.kind = Kind::kScalar;
  n.value = std::move(text);
  return n;
}
Node Node::null() {
  Node n;
  n.kind = Kind::kScalar;
  n.tag = Tag::kNull;
  n.value = "null";
  return n;
}

bool Node::is_empty() const {
  switch (kind) {
    case Kind::kNone: return true;
    case Kind::kMap: return fields.empty();
    case Kind::kList: return items.empty();
    case Kind::kScalar: return value.empty() || is_null();
  }
  return true;
}

Node::Tag Node::effective_tag() const { return tag != Tag::kPlain ? tag : resolve_tag(value); }

Node* Node::find(std::string_view name) {
  for (auto& f : fields)
    if (f.name == name) return &f.value;
  return nullptr;
}
const Node* Node::find(std::string_view name) const { return const_cast<Node*>(this)->find(name); }

Node& Node::set(std::string_view name, Node v) {
  if (!is_map()) *this = Node::map();
  if (Node* old = find(name)) {
    *old = std::move(v);
    return *old;
  }
  fields.push_back({std::string(name), std::move(v)});
  return fields.back().value;
}

bool Node::erase(std::string_view name) {
  auto it = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  if (it == fields.end()) return false;
  fields.erase(it);
  return true;
}

Node& Node::child_map(std::string_view name) {
  Node* child = find(name);
  if (child != nullptr && child->is_map()) return *child;
  return set(name, Node::map());
}

std::string Node::text(std::initializer_list<std::string_view> path) const {
  const Node* at = this;
  for (auto name : path) {
    at = at->find(name);
    if (at == nullptr) return "";
  }
  return at->is_scalar() && !at->is_null() ? at->value : "";
}

Node::Tag resolve_tag(std::string_view s) {
  using Tag = Node::Tag;
  if (s.empty() || is_one_of(s, {"~", "null", "Null", "NULL"})) return Tag::kNull;
  if (is_one_of(s, {"true", "True", "TRUE", "false", "False", "FALSE"})) return Tag::kBool;
  char c = s[0];
  bool digit = c >= '0' && c <= '9';
  if (!digit && c != '+' && c != '-' && c != '.') return Tag::kString;
  std::string_view unsigned_part = (c == '+' || c == '-') ? s.substr(1) : s;
  if (is_one_of(unsigned_part, {".inf", ".Inf", ".INF"}) || is_one_of(s, {".nan", ".NaN", ".NAN"})) return Tag::kFloat;
  if (c == '.') return looks_like_float(s) ? Tag::kFloat : Tag::kString;
  if (digit && timestamp(s)) return Tag::kTimestamp;
  std::string plain = without_underscores(s);
  if (parse_integer(plain)) return Tag::kInt;
  return looks_like_float(plain) ? Tag::kFloat : Tag::kString;
}

Json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNone: return nullptr;
    case Node::Kind::kScalar: return scalar_json(node);
    case Node::Kind::kList: {
      Json out = Json::array();
      for (const auto& item : node.items) out.push_back(to_json(item));
      return out;
    }
    case Node::Kind::kMap: {
      Json out = Json::object();
      for (const auto& f : node.fields) out[f.name] = to_json(f.value);
      return out;
    }
  }
  return nullptr;
}

Json to_json_yaml11(const Node& node) {
  if (node.is_list()) {
    Json out = Json::array();
    for (const auto& item : node.items) out.push_back(to_json_yaml11(item));
    return out;
  }
  if (node.is_map()) {
    Json out = Json::object();
    for (const auto& f : node.fields) out[f.name] = to_json_yaml11(f.value);
    return out;
  }
  if (node.is_scalar() && !node.quoted) {
    if (is_one_of(node.value, {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
    if (is_one_of(node.value, {"n", "N", "no", "No", "NO", "off", "Off", "OFF"})) return false;
    if (node.effective_tag() == Node::Tag::kTimestamp) return node.value;
  }
  return to_json(node);
}

Node from_json(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object: {
      Node out = Node::map();
      for (const auto& [key, value] : json.items()) out.fields.push_back({key, from_json(value)});
      return out;
    }
    case Json::value_t::array: {
      Node out = Node::list();
      for (const auto& value : json) out.items.push_back(from_json(value));
      return out;
    }
    case Json::value_t::string: return Node::string(json.get<std::string>());
    case Json::value_t::boolean: {
      Node out = Node::plain(json.get<bool>() ? "true" : "false");
      out.tag = Node::Tag::kBool;
      return out;
    }
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      Node out = Node::plain(json.dump());
      out.tag = Node::Tag::kInt;
      return out;
    }
    case Json::value_t::number_float: {
      Json whole = float_json(json.get<double>());
      Node out = Node::plain(whole.dump());
      out.tag = whole.is_number_integer() ? Node::Tag::kInt : Node::Tag::kFloat;
      return out;
    }
    default: return Node::null();
  }
}

std::string flow_yaml(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::kNone: return "null";
    case Node::Kind::kScalar:
      if (node.tag == Node::Tag::kString && resolve_tag(node.value) != Node::Tag::kString) return '"' + node.value + '"';
      return node.value;
    case Node::Kind::kList:
      for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + flow_yaml(item);
      return "[" + out + "]";
    case Node::Kind::kMap:
      for (const auto& f : node.fields) out += (out.empty() ? "" : ", ") + f.name + ": " + flow_yaml(f.value);
      return "{" + out + "}";
  }
  return out;
}

}  // namespace skerry::kustomize
