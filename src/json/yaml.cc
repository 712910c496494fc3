#include "json/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/strings.h"
#include "json/yaml_scalar.h"

namespace skerry::json {
namespace {

constexpr size_t kMaxNodes = 1'000'000;  // an alias bomb ends here

struct Budget {
  DuplicateKeys duplicates = DuplicateKeys::kError;
  size_t nodes = 0;
};

// yaml-cpp reads the escapes \N and \_ as the lone bytes 85 and a0; they stand for U+0085 and U+00A0.
std::string scalar_text(const YAML::Node& node) {
  const std::string& s = node.Scalar();
  if (s.find_first_of("\x85\xa0") == std::string::npos) return s;
  std::string out;
  size_t tails = 0;  // bytes that still belong to the sequence before
  for (unsigned char c : s) {
    bool tail = (c & 0xc0) == 0x80;
    if (tail && tails == 0 && (c == 0x85 || c == 0xa0)) out += '\xc2';
    tails = tail ? (tails > 0 ? tails - 1 : 0) : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    out += static_cast<char>(c);
  }
  return out;
}

Json scalar(const YAML::Node& node) {
  std::string s = scalar_text(node);
  const std::string& tag = node.Tag();
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return s;  // quoted
  if (tag == "tag:yaml.org,2002:binary") {
    auto bytes = base64_decode(s);
    return bytes ? *bytes : s;
  }
  return plain_scalar(s);
}

bool is_merge_key(const YAML::Node& key) { return key.Scalar() == "<<" && key.Tag() != "!" && key.Tag() != "tag:yaml.org,2002:str"; }

// "<<: *base" or "<<: [*a, *b]": the first to name a key wins.
Result<void> merge(Json& into, const Json& value) {
  auto bad = [] { return Error(Reason::kBadRequest, "map merge requires map or sequence of maps as the value"); };
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) into.emplace(key, item);
  } else if (value.is_array()) {
    for (const auto& map : value) {
      if (!map.is_object()) return bad();
      for (const auto& [key, item] : map.items()) into.emplace(key, item);
    }
  } else {
    return bad();
  }
  return {};
}

// Keys of JSON are text: numbers and booleans are written out.
Result<std::string> key_text(const YAML::Node& node) {
  Json value = scalar(node);
  if (value.is_null()) return Error(Reason::kBadRequest, "line " + std::to_string(node.Mark().line + 1) + ": a YAML mapping has a key that is null");
  return value.is_string() ? value.get<std::string>() : value.dump();
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
      Json merged = Json::object();
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) return Error(Reason::kBadRequest, "a YAML mapping has a key that is no scalar");
        std::string key = TRY(key_text(entry.first));
        if (is_merge_key(entry.first)) {
          Json value = TRY(convert(entry.second, depth + 1, budget));
          TRY(merge(merged, value));
          continue;
        }
        if (budget.duplicates == DuplicateKeys::kError && out.contains(key)) return Error(Reason::kBadRequest, "line " + std::to_string(entry.first.Mark().line + 1) + ": key \"" + key + "\" is already set");
        out[key] = TRY(convert(entry.second, depth + 1, budget));
      }
      for (auto& [key, value] : merged.items()) out.emplace(key, std::move(value));  // own keys go before merged ones
      return out;
    }
  }
  return Json(nullptr);
}

Error yaml_error(const YAML::Exception& e, int lines_before = 0) {
  return {Reason::kBadRequest, "invalid YAML: line " + std::to_string(lines_before + e.mark.line + 1) + ", column " + std::to_string(e.mark.column + 1) + ": " + e.msg};
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, DuplicateKeys duplicates) {
  try {
    Budget budget{duplicates};
    return convert(YAML::Load(std::string(text)), 0, budget);
  } catch (const YAML::Exception& e) {
    return yaml_error(e);
  }
}

Result<std::vector<Json>> parse_yaml_stream(std::string_view text, DuplicateKeys duplicates) {
  // Documents are separated by lines that start with "---", as kubectl separates them. (YAML::LoadAll does not end on
  // some malformed text.)
  std::vector<Json> out;
  Budget budget{duplicates};
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

}  // namespace skerry::json
