// YAML text to Nodes: yaml-cpp behind kustomize's reading of scalars, aliases and merge keys.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <unordered_set>

#include "kustomize/file_source.h"
#include "kustomize/node.h"

namespace skerry::kustomize {
namespace {

constexpr size_t kMaxNodes = 1'000'000;  // an alias bomb ends here

struct Budget {
  size_t nodes = 0;
  Duplicates duplicates = Duplicates::kError;
};

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

Node scalar(const YAML::Node& in) {
  const std::string& tag = in.Tag();
  if (tag == "!" || tag == "tag:yaml.org,2002:str" || tag == "!!str") return Node::string(in.Scalar());
  Node out = Node::plain(in.Scalar());
  out.tag = resolve_tag(out.value);
  if (tag == "tag:yaml.org,2002:binary") out.tag = Node::Tag::kString;
  return out;
}

Result<Node> convert(const YAML::Node& in, int depth, Budget& budget);

// "<<": the fields of the map (or of each map of a list, the first one wins) that are not given beside it.
Status merge_key(Node& out, const Node& merged) {
  if (merged.is_list()) {
    for (const auto& item : merged.items) TRY(merge_key(out, item));
    return {};
  }
  if (!merged.is_map()) return bad("map merge requires map or sequence of maps as the value");
  for (const auto& f : merged.fields)
    if (out.find(f.name) == nullptr) out.fields.push_back(f);
  return {};
}

Result<Node> convert_map(const YAML::Node& in, int depth, Budget& budget) {
  Node out = Node::map();
  std::vector<Node> merges;
  std::unordered_set<std::string> seen;
  for (const auto& entry : in) {
    if (!entry.first.IsScalar()) return bad("yaml: line " + std::to_string(entry.first.Mark().line + 1) + ": invalid map key");
    const std::string& key = entry.first.Scalar();
    Node value = TRY(convert(entry.second, depth + 1, budget));
    if (key == "<<" && entry.first.Tag() != "!") {
      merges.push_back(std::move(value));
      continue;
    }
    if (!seen.insert(key).second) {
      if (budget.duplicates == Duplicates::kLastWins) {
        out.set(key, std::move(value));
        continue;
      }
      return bad("yaml: unmarshal errors:\n  line " + std::to_string(entry.first.Mark().line + 1) + ": mapping key \"" + key + "\" already defined");
    }
    out.fields.push_back({key, std::move(value)});
  }
  for (const auto& m : merges) TRY(merge_key(out, m));
  budget.nodes += out.fields.size();  // merged ones count again
  return out;
}

Result<Node> convert(const YAML::Node& in, int depth, Budget& budget) {
  if (depth > json::kMaxDepth) return bad("yaml: nested too deeply");
  if (++budget.nodes > kMaxNodes) return bad("yaml: document contains excessive aliasing");
  switch (in.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: {
      Node out = Node::null();
      out.value.clear();  // written as nothing, "~" or "null": see keep_written_nulls()
      return out;
    }
    case YAML::NodeType::Scalar: return scalar(in);
    case YAML::NodeType::Sequence: {
      Node out = Node::list();
      for (const auto& item : in) out.items.push_back(TRY(convert(item, depth + 1, budget)));
      return out;
    }
    case YAML::NodeType::Map: return convert_map(in, depth, budget);
  }
  return Node::null();
}

// yaml-cpp says of a null where it stands, not how it was written: look there.
void keep_written_nulls(Node& out, const YAML::Node& in, const std::vector<std::string_view>& lines) {
  if (in.IsNull() && out.is_scalar()) {
    size_t line = static_cast<size_t>(std::max(0, in.Mark().line));
    size_t column = static_cast<size_t>(std::max(0, in.Mark().column));
    if (line < lines.size() && column < lines[line].size())
      for (std::string_view word : {"null", "Null", "NULL", "~"})
        if (lines[line].substr(column).starts_with(word)) out.value = std::string(word);
    return;
  }
  if (in.IsMap() && out.is_map()) {
    size_t i = 0;  // the fields stand in the order of the file, merged ones after them
    for (const auto& entry : in)
      if (entry.first.IsScalar() && i < out.fields.size() && out.fields[i].name == entry.first.Scalar()) keep_written_nulls(out.fields[i++].value, entry.second, lines);
  } else if (in.IsSequence() && out.is_list()) {
    size_t i = 0;
    for (const auto& item : in)
      if (i < out.items.size()) keep_written_nulls(out.items[i++], item, lines);
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    size_t cut = text.find('\n');
    out.push_back(text.substr(0, cut));
    if (cut == std::string_view::npos) return out;
    text = text.substr(cut + 1);
  }
}

}  // namespace

Result<std::vector<Node>> parse_nodes(std::string_view text, Duplicates duplicates) {
  if (text.size() > kMaxFileBytes) return bad("yaml: the text is larger than " + std::to_string(kMaxFileBytes >> 20) + " MiB");
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<Node> out;
  Budget budget;
  budget.duplicates = duplicates;
  int line = 0;
  while (!text.empty()) {
    size_t cut = text.find("\n---");
    std::string_view document = text.substr(0, cut);
    text = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
    try {
      YAML::Node in = YAML::Load(std::string(document));
      Node node = TRY(convert(in, 0, budget));
      if (!node.is_null()) {
        // Only what is not blown up by aliases is walked a second time.
        if (document.find("null") != std::string_view::npos || document.find('~') != std::string_view::npos || document.find("NULL") != std::string_view::npos || document.find("Null") != std::string_view::npos)
          keep_written_nulls(node, in, lines_of(document));
        out.push_back(std::move(node));
      }
    } catch (const YAML::Exception& e) {
      return bad("yaml: line " + std::to_string(line + e.mark.line + 1) + ": " + e.msg);
    }
    line += static_cast<int>(std::count(document.begin(), document.end(), '\n')) + 1;
  }
  return out;
}

}  // namespace skerry::kustomize
