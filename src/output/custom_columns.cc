#include "output/custom_columns.h"

#include <sstream>

#include "base/strings.h"
#include "output/go_format.h"

namespace skerry::output {
namespace {

constexpr const char* kTemplateForm = "Expected format is one line of space separated headers, one line of space separated column specs.";

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

std::string escape_terminal(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\x1b') out += "^[";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return out;
}

}  // namespace

Result<void> CustomColumns::add(std::string header, std::string_view spec) {
  std::string relaxed = TRY(relaxed_jsonpath(spec));
  columns_.push_back({std::move(header), std::move(relaxed)});
  return {};
}

Result<CustomColumns> CustomColumns::parse(std::string_view spec) {
  if (spec.empty()) return Error(Reason::kBadRequest, "custom-columns format specified but no custom columns given");
  CustomColumns out;
  for (auto part : split(spec, ',')) {
    size_t colon = part.find(':');
    if (colon == std::string_view::npos)
      return Error(Reason::kBadRequest, "unexpected custom-columns spec: " + std::string(part) + ", expected <header>:<json-path-expr>");
    TRY(out.add(std::string(part.substr(0, colon)), part.substr(colon + 1)));
  }
  return out;
}

Result<CustomColumns> CustomColumns::parse_template(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string headers_line, specs_line;
  if (!std::getline(in, headers_line)) return Error(Reason::kBadRequest, std::string("invalid template, missing header line. ") + kTemplateForm);
  if (!std::getline(in, specs_line)) return Error(Reason::kBadRequest, std::string("invalid template, missing spec line. ") + kTemplateForm);
  auto headers = words(headers_line), specs = words(specs_line);
  if (headers.size() != specs.size())
    return Error(Reason::kBadRequest, "number of headers (" + std::to_string(headers.size()) + ") and field specifications (" + std::to_string(specs.size()) + ") don't match");
  CustomColumns out;
  for (size_t i = 0; i < headers.size(); ++i) TRY(out.add(headers[i], specs[i]));
  return out;
}

void CustomColumns::print_header(TabWriter& out) const {
  std::vector<std::string> headers;
  for (const auto& column : columns_) headers.push_back(column.header);
  out.write(join(headers, "\t") + "\n");
}

Result<void> CustomColumns::print_row(const Json& object, TabWriter& out) {
  for (size_t i = paths_.size(); i < columns_.size(); ++i) paths_.push_back(TRY(JsonPath::parse(columns_[i].path, true)));
  std::vector<std::string> cells;
  for (const auto& path : paths_) {
    auto found = TRY(path.find(object));
    std::vector<std::string> values;
    if (found.empty() || found[0].empty()) values.push_back("<none>");
    for (const auto& list : found)
      for (const auto& value : list) values.push_back(escape_terminal(go_text(value)));
    cells.push_back(join(values, ","));
  }
  out.write(join(cells, "\t") + "\n");
  return {};
}

}  // namespace skerry::output
