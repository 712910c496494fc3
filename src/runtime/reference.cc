#include "runtime/reference.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::runtime {

namespace {

bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool alnum(char c) { return lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

// Alphanumeric runs joined by one '.', one or two '_', or any number of '-'.
bool is_path_component(std::string_view part) {
  if (part.empty() || !lower_alnum(part.front()) || !lower_alnum(part.back())) return false;
  for (size_t i = 0; i < part.size();) {
    if (lower_alnum(part[i])) {
      ++i;
      continue;
    }
    char c = part[i];
    size_t end = i;
    while (end < part.size() && part[end] == c) ++end;
    size_t run = end - i;
    bool fine = (c == '.' && run == 1) || (c == '_' && run <= 2) || c == '-';
    if (!fine || !lower_alnum(part[end])) return false;
    i = end;
  }
  return true;
}

bool is_domain(std::string_view text) {
  std::string_view host = text, port;
  size_t bracket = text.find(']');
  size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty() || !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  }
  if (!host.empty() && host[0] == '[') {
    if (host.size() < 4 || host.back() != ']') return false;
    return std::all_of(host.begin() + 1, host.end() - 1, [](char c) { return isxdigit(static_cast<unsigned char>(c)) || c == ':'; });
  }
  for (std::string_view label : split(host, '.')) {
    if (label.empty() || !alnum(label.front()) || !alnum(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return alnum(c) || c == '-'; })) return false;
  }
  return true;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return alnum(c) || c == '_' || c == '.' || c == '-'; });
}

Error invalid(std::string_view why = "invalid reference format") { return Error(Reason::kInvalid, std::string(why)); }

}  // namespace

bool is_digest(std::string_view text) {
  if (!starts_with(text, "sha256:") || text.size() != 71) return false;
  return std::all_of(text.begin() + 7, text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<Reference> parse_reference(std::string_view text) {
  Reference ref;
  if (text.empty() || text.size() > 1024) return invalid();
  if (size_t at = text.find('@'); at != std::string_view::npos) {
    ref.digest = text.substr(at + 1);
    if (!is_digest(ref.digest)) return invalid();
    text = text.substr(0, at);
  }
  size_t slash = text.find_last_of('/');
  size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    ref.tag = text.substr(colon + 1);
    if (!is_tag(ref.tag)) return invalid();
    text = text.substr(0, colon);
  }
  size_t first = text.find('/');
  std::string_view head = text.substr(0, first);
  bool has_domain = first != std::string_view::npos &&
                    (head.find_first_of(".:[") != std::string_view::npos || head == "localhost" || to_lower(head) != head);
  ref.domain = has_domain ? std::string(head) : "docker.io";
  ref.path = has_domain ? text.substr(first + 1) : text;
  if (ref.domain == "index.docker.io") ref.domain = "docker.io";
  if (!is_domain(ref.domain)) return invalid();
  if (ref.path.empty()) return invalid();
  if (to_lower(ref.path) != ref.path) return invalid("invalid reference format: repository name (" + ref.path + ") must be lowercase");
  for (std::string_view part : split(ref.path, '/'))
    if (!is_path_component(part)) return invalid();
  if (ref.domain == "docker.io" && ref.path.find('/') == std::string::npos) ref.path = "library/" + ref.path;
  if (ref.path.size() > 255 || ref.domain.size() > 255) return invalid("invalid reference format: repository name must not be more than 255 characters");
  if (ref.tag.empty() && ref.digest.empty()) ref.tag = "latest";
  return ref;
}

}  // namespace skerry::runtime
