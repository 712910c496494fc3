// Headers and Query: the two multi-maps of an HTTP message.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skerry::http {

// Names compare without case; order is kept.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> items) : items_(items) {}

  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);  // replaces all of that name
  void remove(std::string_view name);
  bool has(std::string_view name) const;
  // The first of that name; empty if there is none. Valid until the headers change.
  std::string_view get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  // Is `token` one of the comma-separated, case-insensitive values: has_token("Connection", "upgrade").
  bool has_token(std::string_view name, std::string_view token) const;
  // All comma-separated values of all headers of that name.
  std::vector<std::string_view> tokens(std::string_view name) const;

  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  size_t size() const { return items_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// A decoded query string ('+' is a space, as in forms). Order is kept.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);
  bool has(std::string_view name) const;
  std::string get(std::string_view name, std::string_view fallback = "") const;  // the first
  std::vector<std::string> all(std::string_view name) const;
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

}  // namespace skerry::http
