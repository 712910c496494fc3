#include "http/html_links.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace skerry::http {
namespace {

struct Link {
  std::string_view tag, attribute;
  bool operator==(const Link&) const = default;
};
// The attributes that HTML defines as URLs.
constexpr Link kLinks[] = {
    {"a", "href"},         {"applet", "codebase"}, {"area", "href"},      {"audio", "src"},      {"base", "href"},     {"blockquote", "cite"},
    {"body", "background"}, {"button", "formaction"}, {"command", "icon"}, {"del", "cite"},       {"embed", "src"},     {"form", "action"},
    {"frame", "longdesc"}, {"frame", "src"},       {"head", "profile"},   {"html", "manifest"},  {"iframe", "longdesc"}, {"iframe", "src"},
    {"img", "longdesc"},   {"img", "src"},         {"img", "usemap"},     {"input", "formaction"}, {"input", "src"},   {"input", "usemap"},
    {"ins", "cite"},       {"link", "href"},       {"object", "classid"}, {"object", "codebase"}, {"object", "data"},  {"object", "usemap"},
    {"q", "cite"},         {"script", "src"},      {"source", "src"},     {"video", "poster"},   {"video", "src"},
};
constexpr std::string_view kRawText[] = {"iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp"};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Rewriter {
 public:
  Rewriter(std::string_view html, const std::function<std::string(std::string_view)>& map) : html_(html), map_(map) { out_.reserve(html.size()); }

  std::string run() {
    while (at_ < html_.size()) {
      copy_until(std::min(html_.find('<', at_), html_.size()));
      if (at_ == html_.size()) break;
      if (html_.substr(at_).starts_with("<!--")) copy_past("-->");
      else if (at_ + 1 < html_.size() && is_letter(html_[at_ + 1])) start_tag();
      else copy_until(at_ + 1);
    }
    return std::move(out_);
  }

 private:
  void copy_until(size_t end) {
    out_.append(html_, at_, end - at_);
    at_ = end;
  }
  void copy_past(std::string_view text) {
    const size_t found = html_.find(text, at_);
    copy_until(found == html_.npos ? html_.size() : found + text.size());
  }
  template <typename Stop>
  std::string_view word(Stop stop) {
    const size_t from = at_;
    size_t end = at_;
    while (end < html_.size() && !stop(html_[end])) ++end;
    copy_until(end);
    return html_.substr(from, end - from);
  }

  void start_tag() {
    copy_until(at_ + 1);
    const std::string tag = to_lower(word([](char c) { return is_space(c) || c == '/' || c == '>'; }));
    for (;;) {
      word([](char c) { return !is_space(c) && c != '/'; });
      if (at_ == html_.size()) return;
      if (html_[at_] == '>') break;
      attribute(tag);
    }
    copy_until(at_ + 1);
    if (std::find(std::begin(kRawText), std::end(kRawText), tag) != std::end(kRawText)) raw_text(tag);
  }

  void attribute(const std::string& tag) {
    const size_t before = at_;
    const std::string name = to_lower(word([](char c) { return is_space(c) || c == '/' || c == '>' || c == '='; }));
    if (at_ == before) return copy_until(at_ + 1);  // a stray '='
    word([](char c) { return !is_space(c); });
    if (at_ == html_.size() || html_[at_] != '=') return;
    copy_until(at_ + 1);
    word([](char c) { return !is_space(c); });
    if (at_ == html_.size()) return;
    const char quote = html_[at_];
    size_t end;
    if (quote == '"' || quote == '\'') {
      copy_until(at_ + 1);
      end = std::min(html_.find(quote, at_), html_.size());
    } else {
      end = at_;
      while (end < html_.size() && !is_space(html_[end]) && html_[end] != '>') ++end;
    }
    const bool link = end < html_.size() && std::find(std::begin(kLinks), std::end(kLinks), Link{tag, name}) != std::end(kLinks);
    if (!link) {
      copy_until(end);
    } else {
      out_ += map_(html_.substr(at_, end - at_));
      at_ = end;
    }
    if ((quote == '"' || quote == '\'') && at_ < html_.size()) copy_until(at_ + 1);
  }

  // Up to, not including, the element's end tag.
  void raw_text(const std::string& tag) {
    for (size_t end = at_; (end = html_.find("</", end)) != html_.npos; ++end)
      if (to_lower(html_.substr(end + 2, tag.size())) == tag) return copy_until(end);
    copy_until(html_.size());
  }

  const std::string_view html_;
  const std::function<std::string(std::string_view)>& map_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string rewrite_links(std::string_view html, const std::function<std::string(std::string_view)>& map) { return Rewriter(html, map).run(); }

}  // namespace skerry::http
