#include "http/headers.h"

#include <algorithm>

#include "base/strings.h"

namespace skerry::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string form_decode(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  // Go's servers drop a pair with a broken escape; keeping it as it stands loses nothing.
  return url_decode(plain).value_or(plain);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  items_.emplace_back(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(items_, [&](const auto& item) { return equal_ignoring_case(item.first, name); });
}

bool Headers::has(std::string_view name) const {
  return std::any_of(items_.begin(), items_.end(), [&](const auto& item) { return equal_ignoring_case(item.first, name); });
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_) {
    if (equal_ignoring_case(key, name)) values.push_back(value);
  }
  return values;
}

std::vector<std::string_view> Headers::tokens(std::string_view name) const {
  std::vector<std::string_view> tokens;
  for (std::string_view value : all(name)) {
    for (std::string_view token : split(value, ',')) {
      if (!trim(token).empty()) tokens.push_back(trim(token));
    }
  }
  return tokens;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (std::string_view candidate : tokens(name)) {
    if (equal_ignoring_case(candidate, token)) return true;
  }
  return false;
}

Query::Query(std::string_view text) {
  if (text.empty()) return;
  for (std::string_view pair : split(text, '&')) {
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    std::string_view value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    items_.emplace_back(form_decode(pair.substr(0, equals)), form_decode(value));
  }
}

bool Query::has(std::string_view name) const {
  return std::any_of(items_.begin(), items_.end(), [&](const auto& item) { return item.first == name; });
}

std::string Query::get(std::string_view name, std::string_view fallback) const {
  for (const auto& [key, value] : items_) {
    if (key == name) return value;
  }
  return std::string(fallback);
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : items_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

}  // namespace skerry::http
