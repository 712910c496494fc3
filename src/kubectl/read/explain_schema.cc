#include "kubectl/read/explain_schema.h"

#include <algorithm>

#include "base/strings.h"
#include "kubectl/read/schema_walk.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

constexpr size_t kWidth = 76;
constexpr size_t kMostText = 16 << 20;  // of a recursive listing

std::string indented(std::string_view text, size_t n) {
  std::string pad(n, ' '), out = pad;
  for (char c : text) {
    out += c;
    if (c == '\n') out += pad;
  }
  return out;
}

std::vector<std::string> enum_of(const Json& schema) {
  std::vector<std::string> out;
  for (auto& v : json::array_or_empty(json::find(schema, "enum"))) {
    if (v.is_string()) out.push_back(v.get_ref<const std::string&>().empty() ? "\"\"" : v.get<std::string>());
    else out.push_back(v.dump());
  }
  return out;
}

class Writer {
 public:
  Writer(const Json& document, const ExplainRequest& request) : walk_(document), request_(request) {}

  Explained run() {
    const Json* root = walk_.of_kind(request_.group, request_.version, request_.kind);
    if (!root) return {"", plain_error("GVK map[group:" + request_.group + " kind:" + request_.kind + " version:" + request_.version + "] not found in OpenAPI schema")};
    if (!request_.group.empty()) out_ += "GROUP:      " + request_.group + "\n";
    out_ += "KIND:       " + request_.kind + "\nVERSION:    " + request_.version + "\n\n";
    const Json* at = below(root);
    if (!at) return {out_, plain_error("field \"" + request_.path.back() + "\" does not exist")};
    if (!request_.path.empty()) heading(*at);
    std::string description = walk_.descriptions(*at);
    out_ += "DESCRIPTION:\n" + indented(wrap_words(description.empty() ? "<empty>" : description, kWidth), 4) + "\n";
    std::vector<const Json*> above;
    if (const Json* fields = walk_.with_properties(*at)) {
      out_ += "FIELDS:\n";
      list(*fields, 1, above);
    }
    out_ += "\n";
    return {std::move(out_), {}};
  }

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    const Json* root = walk_.of_kind(request_.group, request_.version, request_.kind);
    const Json* at = root ? below(root) : nullptr;
    const Json* fields = at ? walk_.with_properties(*at) : nullptr;
    if (!fields) return out;
    for (auto& [name, field] : json::find(*fields, "properties").items()) out.push_back(name);
    return out;
  }

 private:
  // The schema at the path; null where there is none.
  const Json* below(const Json* at) const {
    for (auto& name : request_.path) {
      const Json* owner = walk_.with_properties(*at);
      at = owner ? &json::find(*owner, {"properties", name}) : nullptr;
      if (!at || at->is_null()) return nullptr;
    }
    return at;
  }

  void heading(const Json& field) {
    out_ += "FIELD: " + request_.path.back() + " <" + walk_.type_name(field) + ">\n";
    auto values = enum_of(field);
    if (values.empty()) {
      out_ += "\n\n";
      return;
    }
    out_ += "ENUM:\n";
    for (auto& v : values) out_ += "    " + v + "\n";
    out_ += "\n";
  }

  void list(const Json& schema, size_t level, std::vector<const Json*>& above) {
    std::string pad(level * 2, ' ');
    for (auto& [name, field] : json::object_or_empty(json::find(schema, "properties")).items()) {
      if (out_.size() > kMostText) return;
      out_ += pad + name + "\t<" + walk_.type_name(field) + ">" + (SchemaWalk::requires_field(schema, name) ? " -required-" : "") + "\n";
      if (auto values = enum_of(field); !values.empty()) out_ += pad + "enum: " + join(values, ", ") + "\n";
      if (!request_.recursive) {
        std::string text = json::str(field, "description");
        out_ += indented(wrap_words(text.empty() ? "<no description>" : text, kWidth), level * 2 + 2) + "\n\n";
        continue;
      }
      // A type within itself is named, not opened again.
      const Json* inner = walk_.with_properties(field);
      if (!inner || std::find(above.begin(), above.end(), inner) != above.end()) continue;
      bool named = walk_.is_named(inner);
      if (named) above.push_back(inner);
      list(*inner, level + 1, above);
      if (named) above.pop_back();
    }
  }

  SchemaWalk walk_;
  const ExplainRequest& request_;
  std::string out_;
};

}  // namespace

Explained explain(const Json& document, const ExplainRequest& request) { return Writer(document, request).run(); }
std::vector<std::string> field_names(const Json& document, const ExplainRequest& request) { return Writer(document, request).names(); }

std::string wrap_words(std::string_view text, size_t width) {
  std::string out, blanks, word;
  size_t column = 0, length = 0;  // length: characters of the word, not bytes
  auto put = [&] {
    column += blanks.size() + length;
    out += blanks;
    out += word;
    blanks.clear();
    word.clear();
    length = 0;
  };
  for (char c : text) {
    const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (c == '\n') {
      if (!word.empty() || column + blanks.size() <= width) put();
      blanks.clear();
      out += c;
      column = 0;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f') {
      if (!word.empty()) put();
      blanks += c;
    } else {
      word += c;
      length += starts;
      if (column + blanks.size() + length > width && length < width && starts) {
        out += '\n';
        column = 0;
        blanks.clear();
      }
    }
  }
  if (!word.empty() || column + blanks.size() <= width) put();
  return out;
}

std::vector<std::string> fields_behind(std::string_view word, const std::vector<Mapping>& mappings, const Mapping** chosen) {
  auto parts = [](std::string_view text) {
    std::vector<std::string> out;
    for (auto p : split(text, '.')) if (!p.empty()) out.emplace_back(p);
    return out;
  };
  for (auto& m : mappings) {
    std::string name = m.group_resource();
    if (!starts_with(word, name)) continue;
    *chosen = &m;
    return parts(word.substr(name.size()));
  }
  *chosen = mappings.empty() ? nullptr : &mappings[0];
  auto all = parts(word);
  if (!all.empty()) all.erase(all.begin());
  return all;
}

}  // namespace skerry::kubectl
