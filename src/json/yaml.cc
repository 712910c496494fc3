#include "json/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skerry::json {
namespace {

constexpr size_t kMaxNodes = 1'000'000;  // an alias bomb ends here

struct Budget {
  size_t nodes = 0;
};

Json scalar(const YAML::Node& node) {
  const std::string& s = node.Scalar();
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return s;  // quoted
  if (s.empty() || s == "~" || s == "null" || s == "Null" || s == "NULL") return nullptr;
  if (s == "true" || s == "True" || s == "TRUE" || s == "yes" || s == "Yes" || s == "YES" || s == "on" || s == "On" || s == "ON") return true;
  if (s == "false" || s == "False" || s == "FALSE" || s == "no" || s == "No" || s == "NO" || s == "off" || s == "Off" || s == "OFF") return false;
  const char* b = s.data();
  const char* e = b + s.size();
  if (*b == '+' && s.size() > 1 && b[1] != '-') ++b;
  bool negative = *b == '-';
  const char* digits = negative ? b + 1 : b;
  if (e - digits > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o') && digits[2] != '-') {
    int64_t v = 0;
    auto r = std::from_chars(digits + 2, e, v, digits[1] == 'x' ? 16 : 8);
    if (r.ec == std::errc() && r.ptr == e) return negative ? -v : v;
    return s;
  }
  if (e - digits > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '7') {  // YAML 1.1 octal: file modes
    int64_t v = 0;
    auto r = std::from_chars(digits, e, v, 8);
    if (r.ec == std::errc() && r.ptr == e) return negative ? -v : v;
  }
  int64_t i = 0;
  auto ri = std::from_chars(b, e, i);
  if (ri.ec == std::errc() && ri.ptr == e) return i;
  if (digits < e && ((*digits >= '0' && *digits <= '9') || *digits == '.')) {
    double d = 0;
    auto rd = std::from_chars(b, e, d);
    if (rd.ec == std::errc() && rd.ptr == e && std::isfinite(d)) return d;
  }
  return s;
}

Result<Json> convert(const YAML::Node& node, int depth, Budget& budget) {
  if (depth > kMaxDepth) return Error(Reason::kBadRequest, "YAML is nested too deeply");
  if (++budget.nodes > kMaxNodes) return Error(Reason::kBadRequest, "YAML expands to too many values");
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      return Json(nullptr);
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence: {
      Json out = Json::array();
      for (const auto& item : node) out.push_back(TRY(convert(item, depth + 1, budget)));
      return out;
    }
    case YAML::NodeType::Map: {
      Json out = Json::object();
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) return Error(Reason::kBadRequest, "a YAML mapping has a key that is no scalar");
        const std::string& key = entry.first.Scalar();
        if (out.contains(key)) return Error(Reason::kBadRequest, "line " + std::to_string(entry.first.Mark().line + 1) + ": key \"" + key + "\" is already set");
        out[key] = TRY(convert(entry.second, depth + 1, budget));
      }
      return out;
    }
  }
  return Json(nullptr);
}

Error yaml_error(const YAML::Exception& e, int lines_before = 0) {
  return {Reason::kBadRequest, "invalid YAML: line " + std::to_string(lines_before + e.mark.line + 1) + ", column " + std::to_string(e.mark.column + 1) + ": " + e.msg};
}

// A plain scalar that would be read back as something else must be quoted.
bool needs_quotes(const std::string& s) {
  if (s.empty()) return true;
  for (unsigned char c : s)
    if (c < 0x20 || c == 0x7f) return true;
  YAML::Node probe(s);
  return !scalar(probe).is_string();
}

// No control character but the ends of lines.
bool plain_lines(const std::string& s) {
  for (unsigned char c : s)
    if ((c < 0x20 && c != '\n') || c == 0x7f) return false;
  return true;
}

void emit(YAML::Emitter& out, const Json& v) {
  switch (v.type()) {
    case Json::value_t::object:
      if (v.empty()) {
        out << YAML::Flow << YAML::BeginMap << YAML::EndMap;
        return;
      }
      out << YAML::BeginMap;
      for (const auto& [key, item] : v.items()) {
        out << YAML::Key;
        if (needs_quotes(key)) out << YAML::DoubleQuoted;
        out << key << YAML::Value;
        emit(out, item);
      }
      out << YAML::EndMap;
      return;
    case Json::value_t::array:
      if (v.empty()) {
        out << YAML::Flow << YAML::BeginSeq << YAML::EndSeq;
        return;
      }
      out << YAML::BeginSeq;
      for (const auto& item : v) emit(out, item);
      out << YAML::EndSeq;
      return;
    case Json::value_t::string: {
      const auto& s = v.get_ref<const std::string&>();
      if (s.find('\n') != std::string::npos && plain_lines(s) && s.front() != ' ' && s.front() != '\n' && s.find(" \n") == std::string::npos && s.back() == '\n' && !s.ends_with("\n\n"))
        out << YAML::Literal << s;
      else if (needs_quotes(s))
        out << YAML::DoubleQuoted << s;
      else
        out << s;
      return;
    }
    case Json::value_t::null:
      out << YAML::Null;
      return;
    default:
      out << v.dump();
  }
}

}  // namespace

Result<Json> parse_yaml(std::string_view text) {
  try {
    Budget budget;
    return convert(YAML::Load(std::string(text)), 0, budget);
  } catch (const YAML::Exception& e) {
    return yaml_error(e);
  }
}

Result<std::vector<Json>> parse_yaml_stream(std::string_view text) {
  // Documents are separated by lines that start with "---", as kubectl separates them. (YAML::LoadAll does not end on
  // some malformed text.)
  std::vector<Json> out;
  Budget budget;
  int line = 0;
  while (!text.empty()) {
    size_t cut = text.find("\n---");
    std::string_view document = text.substr(0, cut);
    text = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
    try {
      Json v = TRY(convert(YAML::Load(std::string(document)), 0, budget));
      if (!v.is_null()) out.push_back(std::move(v));
    } catch (const YAML::Exception& e) {
      return yaml_error(e, line);
    }
    line += static_cast<int>(std::count(document.begin(), document.end(), '\n')) + 1;
  }
  return out;
}

std::string dump_yaml(const Json& value) {
  YAML::Emitter out;
  out.SetIndent(2);
  out.SetNullFormat(YAML::LowerNull);
  emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace skerry::json
