// The layout that kubectl explain had before OpenAPI v3.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/read/explain_schema.h"
#include "kubectl/read/schema_walk.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

namespace {

constexpr size_t kWidth = 80;
constexpr size_t kMostText = 16 << 20;

void paragraph(std::string& out, const std::string& text, size_t indent) {
  std::string pad(indent, ' ');
  std::string_view body = text;
  while (!body.empty() && body.back() == '\n') body.remove_suffix(1);
  std::string wrapped = wrap_words(body, kWidth - indent);
  for (auto line : split(wrapped, '\n')) out += line.empty() ? "\n" : pad + std::string(trim(line)) + "\n";
}

class Writer {
 public:
  Writer(const Json& document, const ExplainRequest& request) : walk_(document), request_(request) {}

  Explained run() {
    const Json* at = walk_.of_kind(request_.group, request_.version, request_.kind);
    if (!at) return {"", plain_error("Couldn't find resource for \"" + request_.group + "/" + request_.version + ", Kind=" + request_.kind + "\"")};
    for (auto& name : request_.path) {
      const Json* owner = walk_.with_properties(*at);
      // Values of a map or list without fields of their own answer to any name.
      if (!owner) {
        const Json& s = walk_.resolve(*at);
        const Json& inner = json::find(s, json::find(s, "items").is_object() ? "items" : "additionalProperties");
        if (!inner.is_object()) return {"", plain_error("field \"" + name + "\" does not exist")};
        at = &inner;
        continue;
      }
      const Json& field = json::find(*owner, {"properties", name});
      if (field.is_null()) return {"", plain_error("field \"" + name + "\" does not exist")};
      at = &field;
    }
    out_ += "KIND:     " + request_.kind + "\nVERSION:  " + (request_.group.empty() ? "" : request_.group + "/") + request_.version + "\n\n";
    const Json* fields = walk_.with_properties(*at);
    if (!request_.path.empty())
      out_ += (fields ? "RESOURCE: " : "FIELD:    ") + request_.path.back() + " <" + walk_.old_type_name(*at) + ">\n\n";
    out_ += "DESCRIPTION:\n";
    std::string text = walk_.descriptions(*at);
    paragraph(out_, text.empty() ? "<empty>" : text, 5);
    if (fields) {
      out_ += "\nFIELDS:\n";
      std::vector<const Json*> above;
      list(*fields, 3, above);
    }
    return {std::move(out_), {}};
  }

 private:
  void list(const Json& schema, size_t indent, std::vector<const Json*>& above) {
    for (auto& [name, field] : json::object_or_empty(json::find(schema, "properties")).items()) {
      if (out_.size() > kMostText) return;
      bool required = !request_.recursive && SchemaWalk::requires_field(schema, name);
      out_ += std::string(indent, ' ') + name + "\t<" + walk_.old_type_name(field) + ">" + (required ? " -required-" : "") + "\n";
      if (!request_.recursive) {
        if (std::string text = json::str(field, "description"); !text.empty()) paragraph(out_, text, 5);
        out_ += "\n";
        continue;
      }
      const Json* inner = walk_.with_properties(field);
      if (!inner || std::find(above.begin(), above.end(), inner) != above.end()) continue;
      bool named = walk_.is_named(inner);
      if (named) above.push_back(inner);
      list(*inner, indent + 3, above);
      if (named) above.pop_back();
    }
  }

  SchemaWalk walk_;
  const ExplainRequest& request_;
  std::string out_;
};

}  // namespace

Explained explain_old(const Json& document, const ExplainRequest& request) { return Writer(document, request).run(); }

}  // namespace skerry::kubectl
