#include "kubectl/values.h"

#include <algorithm>
#include <map>

#include "api/quantity.h"
#include "api/selector.h"
#include "base/strings.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

Result<Json> resource_list(std::string_view text) {
  Json out = Json::object();
  if (text.empty()) return out;
  for (auto part : split(text, ',')) {
    if (std::count(part.begin(), part.end(), '=') != 1) return plain_error("Invalid argument syntax " + std::string(part) + ", expected <resource>=<value>");
    auto eq = part.find('=');
    auto amount = api::Quantity::parse(part.substr(eq + 1));
    if (!amount) return plain_error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    out[std::string(part.substr(0, eq))] = amount->to_string();
  }
  return out;
}

namespace {

// The requirements of a selector, each as its own text: commas in parentheses separate values.
std::vector<std::string_view> requirements_of(std::string_view text) {
  std::vector<std::string_view> out;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    if (auto part = trim(text.substr(begin, i - begin)); !part.empty()) out.push_back(part);
    begin = i + 1;
  }
  return out;
}

}  // namespace

Result<Json> label_selector(const std::string& text) {
  auto refuse = [&](const std::string& why) { return plain_error("couldn't parse the selector string \"" + text + "\": " + why); };
  if (auto whole = api::LabelSelector::parse(text); !whole) return refuse(whole.error().message);
  using Op = api::LabelSelector::Op;
  std::map<std::string, std::vector<Json>> expressions;  // by key, as kubectl sorts them
  Json out = Json::object();
  for (auto part : requirements_of(text)) {
    auto parsed = api::LabelSelector::parse(part);
    if (!parsed) return refuse(parsed.error().message);
    for (auto& r : parsed->requirements()) {
      bool by_sign = part.find('=') != std::string_view::npos;
      if (r.op == Op::kGreater || r.op == Op::kLess) return plain_error(std::string("\"") + (r.op == Op::kGreater ? "gt" : "lt") + "\" isn't supported in label selectors");
      if (r.op == Op::kNotIn && by_sign) return plain_error("\"!=\" is not a valid label selector operator");
      if (r.op == Op::kIn && by_sign) {
        out["matchLabels"][r.key] = r.values.empty() ? "" : r.values[0];
        continue;
      }
      const char* op = r.op == Op::kIn ? "In" : r.op == Op::kNotIn ? "NotIn" : r.op == Op::kExists ? "Exists" : "DoesNotExist";
      Json expression = {{"key", r.key}, {"operator", op}};
      if (!r.values.empty()) expression["values"] = r.values;
      expressions[r.key].push_back(std::move(expression));
    }
  }
  for (auto& [key, list] : expressions)
    for (auto& e : list) out["matchExpressions"].push_back(std::move(e));
  return out;
}

std::string env_name_trouble(std::string_view name) {
  auto begins = [](unsigned char c) { return isalpha(c) || c == '-' || c == '_' || c == '.'; };
  bool good = !name.empty() && begins(static_cast<unsigned char>(name[0])) && std::all_of(name.begin(), name.end(), [&](unsigned char c) { return begins(c) || isdigit(c); });
  if (!good)
    return "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or "
           "'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
  if (name == "." || name == "..") return "must not be '" + std::string(name) + "'";
  return starts_with(name, "..") ? "must not start with '..'" : "";
}

Result<Json> label_map(std::string_view text) {
  Json out = Json::object();
  if (text.empty()) return out;
  for (auto part : split(text, ',')) {
    if (std::count(part.begin(), part.end(), '=') != 1) return plain_error("unexpected label spec: " + std::string(part));
    if (part[0] == '=') return plain_error("unexpected empty label key");
    auto eq = part.find('=');
    out[std::string(part.substr(0, eq))] = std::string(part.substr(eq + 1));
  }
  return out;
}

Result<int64_t> parse_port(std::string_view text) {
  auto refuse = [&](const char* why) { return plain_error("strconv.ParseUint: parsing \"" + std::string(text) + "\": " + why); };
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= '0' && c <= '9'; })) return refuse("invalid syntax");
  auto number = parse_int(text);
  if (!number || *number > 65535) return refuse("value out of range");
  return *number;
}

Result<WordsAndPairs> split_pairs(const std::vector<std::string>& words, std::string_view what) {
  WordsAndPairs out;
  for (auto& word : words) {
    bool pair = (word.find('=') != std::string::npos && word[0] != '=') || (ends_with(word, "-") && word != "-");
    if (pair) out.pairs.push_back(word);
    else if (!out.pairs.empty()) return plain_error("all resources must be specified before " + std::string(what) + " changes: " + word);
    else out.resources.push_back(word);
  }
  return out;
}

Result<Pairs> parse_pairs(const std::vector<std::string>& pairs, std::string_view what, bool removals) {
  std::map<std::string, std::string> set;
  Pairs out;
  std::vector<std::string> invalid;
  for (auto& pair : pairs) {
    auto eq = pair.find('=');
    if (eq != std::string::npos && eq != 0) set[pair.substr(0, eq)] = pair.substr(eq + 1);
    else if (removals && ends_with(pair, "-") && pair != "-") out.remove.push_back(pair.substr(0, pair.size() - 1));
    else invalid.push_back(pair);
  }
  if (!invalid.empty()) return plain_error("invalid " + std::string(what) + " format: " + join(invalid, ", "));
  out.set.assign(set.begin(), set.end());
  return out;
}

}  // namespace skerry::kubectl
