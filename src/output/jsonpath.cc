#include "output/jsonpath.h"

#include <algorithm>
#include <deque>

#include "output/go_format.h"
#include "output/json_text.h"
#include "output/jsonpath_node.h"

namespace skerry::output {
namespace {

using jsonpath_detail::Node;
using Values = std::vector<const Json*>;

constexpr size_t kMaxValues = 20'000'000;  // looked at by one run: "{..*..*..*}" multiplies
constexpr int kMaxRanges = 100;            // open at a time

const Json kNull;

Error failed(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

std::string go_type(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "map[string]interface {}";
    case Json::value_t::array: return "[]interface {}";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    case Json::value_t::number_float: return "float64";
    default: return "int64";
  }
}

enum class Kind { kBool, kString, kInt, kFloat };

Result<Kind> comparable_kind(const Json& value) {
  if (value.is_boolean()) return Kind::kBool;
  if (value.is_string()) return Kind::kString;
  if (value.is_number_float()) return Kind::kFloat;
  if (value.is_number()) return Kind::kInt;
  return failed("invalid type for comparison");
}

Result<bool> equal(const Json& a, const Json& b) {
  Kind left = TRY(comparable_kind(a)), right = TRY(comparable_kind(b));
  if (left != right) return failed("incompatible types for comparison");
  return a == b;
}

Result<bool> less(const Json& a, const Json& b) {
  Kind left = TRY(comparable_kind(a)), right = TRY(comparable_kind(b));
  if (left != right) return failed("incompatible types for comparison");
  if (left == Kind::kBool) return failed("invalid type for comparison");
  return a < b;
}

Result<bool> compare(const std::string& op, const Json& a, const Json& b) {
  if (op == "==") return equal(a, b);
  if (op == "!=") return !TRY(equal(a, b));
  if (op == "<") return less(a, b);
  if (op == ">=") return !TRY(less(a, b));
  if (op == "<=" || op == ">") {
    bool less_or_equal = TRY(less(a, b)) || TRY(equal(a, b));
    return less_or_equal == (op == "<=");
  }
  return failed("unrecognized filter operator " + op);
}

// One run of a template over a document.
class Run {
 public:
  explicit Run(bool allow_missing) : allow_missing_(allow_missing) {}

  // The top-level nodes from `begin` on, with `root` as the current value. Inside a range it ends at the range's {end}.
  Result<void> find(const std::vector<Node>& nodes, size_t begin, const Json* root, std::vector<Values>& out, int depth) {
    if (depth > kMaxRanges) return failed("ranges are nested too deeply");
    const Values current{root};
    for (size_t i = begin; i < nodes.size(); ++i) {
      Values results = TRY(walk(current, nodes[i]));
      if (end_range_ > 0 && end_range_ <= in_range_) {
        --end_range_;
        last_end_ = i;
        return {};
      }
      if (begin_range_ > 0) {
        --begin_range_;
        ++in_range_;
        for (const Json* value : results) TRY(find(nodes, i + 1, value, out, depth + 1));
        if (results.empty()) {  // only to learn where the range ends
          std::vector<Values> nothing;
          TRY(find(nodes, i + 1, &kNull, nothing, depth + 1));
        }
        --in_range_;
        if (last_end_ > i) i = last_end_;
        continue;
      }
      out.push_back(std::move(results));
    }
    return {};
  }

 private:
  const Json* keep(Json value) { return &owned_.emplace_back(std::move(value)); }

  Result<void> add(Values& values, const Json* value) {
    if (++seen_ > kMaxValues) return failed("the template selects too many values");
    values.push_back(value);
    return {};
  }

  Result<Values> walk(const Values& input, const Node& node) {
    switch (node.type) {
      case Node::Type::kList: return list(input, node);
      case Node::Type::kText: return Values{&node.literal};
      case Node::Type::kLiteral: return Values(input.size(), &node.literal);
      case Node::Type::kField: return field(input, node);
      case Node::Type::kIdentifier: return identifier(input, node);
      case Node::Type::kArray: return array(input, node);
      case Node::Type::kFilter: return filter(input, node);
      case Node::Type::kWildcard: return wildcard(input);
      case Node::Type::kRecursive: {
        Values out;
        for (const Json* value : input) TRY(recursive(*value, out, 0));
        return out;
      }
      case Node::Type::kUnion: {
        Values out;
        for (const auto& part : node.nodes) {
          Values values = TRY(list(input, part));
          out.insert(out.end(), values.begin(), values.end());
        }
        return out;
      }
    }
    return Values{};
  }

  Result<Values> list(const Values& input, const Node& node) {
    Values values = input;
    for (const auto& step : node.nodes) values = TRY(walk(values, step));
    return values;
  }

  Result<Values> identifier(const Values& input, const Node& node) {
    if (node.text == "range") {
      ++begin_range_;
      return input;
    }
    if (node.text == "end") {
      if (in_range_ == 0) return failed("not in range, nothing to end");
      ++end_range_;
      return Values{};
    }
    return failed("unrecognized identifier " + node.text);
  }

  Result<Values> field(const Values& input, const Node& node) {
    Values out;
    if (input.empty()) return out;
    for (const Json* value : input) {
      if (!value->is_object()) continue;
      auto it = value->find(node.text);
      if (it != value->end()) TRY(add(out, &*it));
    }
    if (out.empty() && !allow_missing_) return failed(node.text + " is not found");
    return out;
  }

  Result<Values> array(const Values& input, const Node& node) {
    Values out;
    auto outside = [](int64_t index, int64_t size) {
      return failed("array index out of bounds: index " + std::to_string(index) + ", length " + std::to_string(size));
    };
    for (const Json* value : input) {
      if (value->is_null()) continue;
      if (!value->is_array()) return failed(go_type(*value) + " is not array or slice");
      auto size = static_cast<int64_t>(value->size());
      const auto& [first, last, step] = node.bounds;
      int64_t from = first.known ? first.value : 0, to = last.known ? last.value : size;
      if (from < 0) from += size;
      if (to < 0 || (to == 0 && last.derived)) to += size;
      if (from == to) continue;
      if (from >= size || from < 0) return outside(from, size);
      if (to > size || to < 0) return outside(to - 1, size);
      if (from > to) return failed("starting index " + std::to_string(from) + " is greater than ending index " + std::to_string(to));
      int64_t stride = step.known ? step.value : 1;
      if (stride <= 0) return failed("step must be > 0");
      for (int64_t i = from; i < to; i += std::min(stride, size)) TRY(add(out, &(*value)[i]));
    }
    return out;
  }

  Result<Values> filter(const Values& input, const Node& node) {
    Values out;
    for (const Json* value : input) {
      if (!value->is_array()) return failed(go_text(*value) + " is not array or slice and cannot be filtered");
      for (const Json& item : *value) {
        const Values current{&item};
        auto lefts = list(current, node.nodes[0]);
        if (node.text == "exists") {
          if (lefts && !lefts->empty()) TRY(add(out, &item));
          continue;
        }
        if (!lefts) return lefts.error();
        if (lefts->empty()) continue;
        if (lefts->size() > 1) return failed("can only compare one element at a time");
        Values rights = TRY(list(current, node.nodes[1]));
        if (rights.empty()) continue;
        if (rights.size() > 1) return failed("can only compare one element at a time");
        if (TRY(compare(node.text, *lefts->front(), *rights.front()))) TRY(add(out, &item));
      }
    }
    return out;
  }

  // The values in an object or array; of text, as Go has it, its bytes.
  Result<void> children(const Json& value, Values& out) {
    if (value.is_structured()) {
      for (const auto& item : value) TRY(add(out, &item));
    } else if (value.is_string()) {
      for (unsigned char c : value.get_ref<const std::string&>()) TRY(add(out, keep(static_cast<int64_t>(c))));
    }
    return {};
  }

  Result<Values> wildcard(const Values& input) {
    Values out;
    for (const Json* value : input) TRY(children(*value, out));
    return out;
  }

  // Everything that has something in it, from the outside inwards.
  Result<void> recursive(const Json& value, Values& out, int depth) {
    if (depth > json::kMaxDepth * 2) return failed("the value is nested too deeply");
    if (value.is_string() ? value.get_ref<const std::string&>().empty() : !value.is_structured() || value.empty()) return {};
    TRY(add(out, &value));
    if (value.is_structured())
      for (const auto& item : value) TRY(recursive(item, out, depth + 1));
    return {};
  }

  bool allow_missing_;
  size_t seen_ = 0;
  std::deque<Json> owned_;
  int begin_range_ = 0, in_range_ = 0, end_range_ = 0;
  size_t last_end_ = 0;
};

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text, bool allow_missing) {
  JsonPath out;
  Node root = TRY(jsonpath_detail::parse(text));
  out.root_ = std::make_shared<const Node>(std::move(root));
  out.allow_missing_ = allow_missing;
  return out;
}

Result<std::string> JsonPath::print(const Json& root) const {
  Run run(allow_missing_);
  std::vector<Values> found;
  TRY(run.find(root_->nodes, 0, &root, found, 0));
  std::string out;
  for (const auto& values : found)
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ' ';
      out += jsonpath_text(*values[i]);
    }
  return out;
}

Result<std::vector<std::vector<Json>>> JsonPath::find(const Json& root) const {
  Run run(allow_missing_);
  std::vector<Values> found;
  TRY(run.find(root_->nodes, 0, &root, found, 0));
  std::vector<std::vector<Json>> out;
  for (const auto& values : found) {
    auto& list = out.emplace_back();
    for (const Json* value : values) list.push_back(*value);
  }
  return out;
}

Result<std::vector<Json>> JsonPath::find_all(const Json& root) const {
  auto found = TRY(find(root));
  std::vector<Json> out;
  for (auto& values : found)
    for (auto& value : values) out.push_back(std::move(value));
  return out;
}

Result<std::string> JsonPath::print_json(const Json& root) const {
  auto found = TRY(find(root));
  std::string out;
  for (auto& values : found) out += dump_json(Json(std::move(values))) + "\n";
  return out;
}

std::string jsonpath_text(const Json& value) {
  if (value.is_null()) return "null";
  return value.is_structured() ? dump_json(value, -1) : go_text(value);
}

Result<std::string> relaxed_jsonpath(std::string_view text) {
  if (text.empty()) return std::string();
  std::string_view inside = text;
  if (inside.size() >= 2 && inside.front() == '{' && inside.back() == '}') inside = inside.substr(1, inside.size() - 2);
  bool ok = inside.find_first_of("{}") == std::string_view::npos;
  if (inside.size() > 1 && inside.starts_with('.')) inside.remove_prefix(1);
  if (!ok || inside.empty())
    return failed("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'");
  return "{." + std::string(inside) + "}";
}

}  // namespace skerry::output
