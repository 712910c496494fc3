#include "kubectl/yaml_error.h"

#include <cstdio>
#include <vector>

#include "base/strings.h"

namespace skerry::kubectl {

namespace {

std::string located(int line, std::string_view what) { return "yaml: " + (line > 0 ? "line " + std::to_string(line) + ": " : "") + std::string(what); }

// A flow collection that was not closed. The other parser counts lines from 0 and names where the collection begins; where it
// expected an element, where that should have been.
std::string unclosed(std::string_view text, char open, char close, int line, int column) {
  size_t end = 0;
  for (int l = 1; l < line && end < text.size(); ++l) {
    end = text.find('\n', end);
    end = end == text.npos ? text.size() : end + 1;
  }
  end = std::min(text.size(), end + static_cast<size_t>(column - 1));
  if (text.find('\n', end) == text.npos && !ends_with(text, "\n")) {  // the end of a text is on a line of its own
    end = text.size();
    ++line;
  }
  // Outside of quotes and comments, nothing in a manifest has these characters but flow collections.
  int depth = 0;
  for (size_t i = end; i-- > 0;) {
    if (text[i] == ']' || text[i] == '}') ++depth;
    if (text[i] != '[' && text[i] != '{') continue;
    if (depth-- > 0) continue;
    if (text[i] != open) break;
    int begin = 0;
    for (char c : text.substr(0, i)) begin += c == '\n';
    std::string_view inside = trim(text.substr(i + 1, end - i - 1));
    if (inside.empty() || ends_with(inside, ",")) return located(line - 1, "did not find expected node content");
    return located(begin > 0 ? begin : line - 1, std::string("did not find expected ',' or '") + close + "'");
  }
  return located(line - 1, std::string("did not find expected ',' or '") + close + "'");
}

}  // namespace

std::string yaml_error(const std::string& message, std::string_view text) {
  int line = 0, column = 0, used = 0;
  if (std::sscanf(message.c_str(), "invalid YAML: line %d, column %d: %n", &line, &column, &used) < 2 || used == 0) return message;
  std::string_view what = std::string_view(message).substr(static_cast<size_t>(used));
  if (what == "end of sequence flow not found") return unclosed(text, '[', ']', line, column);
  if (what == "end of map flow not found") return unclosed(text, '{', '}', line, column);
  if (what == "illegal map value") {
    std::vector<std::string_view> lines = split(text, '\n');
    bool tab = line > 0 && static_cast<size_t>(line) <= lines.size() && starts_with(lines[static_cast<size_t>(line) - 1], "\t");
    return located(line, tab ? "found character that cannot start any token" : "mapping values are not allowed in this context");
  }
  if (what == "end of map not found") return located(line - 1, "did not find expected key");
  if (what == "end of sequence not found") return located(line - 1, "did not find expected '-' indicator");
  if (what == "unknown token") return located(line > 1 ? line : 0, "found character that cannot start any token");
  if (what == "illegal flow end") return located(line - 1, "did not find expected key");
  return "yaml: line " + std::to_string(line) + ": " + std::string(what);
}

}  // namespace skerry::kubectl
