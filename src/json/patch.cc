#include "json/patch.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace skerry::json {
namespace {

constexpr size_t kMaxOperations = 10000;
constexpr size_t kMaxCopied = 3 * 1024 * 1024;  // values that "copy" may add up to: each one could double the document

Error malformed(std::string message) { return {Reason::kBadRequest, "invalid JSON patch: " + std::move(message)}; }
Error refused(std::string message) {
  return {Reason::kInvalid, "the server rejected our request due to an error in our request: " + std::move(message)};
}

using Tokens = std::vector<std::string>;

Result<Tokens> parse_pointer(const std::string& text) {
  Tokens out;
  if (text.empty()) return out;
  if (text[0] != '/') return malformed("path \"" + text + "\" does not start with '/'");
  for (std::string_view part : split(std::string_view(text).substr(1), '/')) {
    std::string token;
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        token += part[i];
        continue;
      }
      if (++i >= part.size() || (part[i] != '0' && part[i] != '1')) return malformed("path \"" + text + "\" has a '~' that is neither ~0 nor ~1");
      token += part[i] == '0' ? '~' : '/';
    }
    out.push_back(std::move(token));
  }
  return out;
}

// An index below `limit`; "-" is none.
std::optional<size_t> parse_index(const std::string& token, size_t limit) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  size_t v = 0;
  auto [end, ec] = std::from_chars(token.data(), token.data() + token.size(), v);
  if (ec != std::errc() || end != token.data() + token.size() || v >= limit) return std::nullopt;
  return v;
}

// The value at the first `steps` tokens, or null.
Json* walk(Json& root, const Tokens& tokens, size_t steps) {
  Json* at = &root;
  for (size_t i = 0; i < steps; ++i) {
    if (at->is_object()) {
      auto it = at->find(tokens[i]);
      if (it == at->end()) return nullptr;
      at = &*it;
    } else if (at->is_array()) {
      auto index = parse_index(tokens[i], at->size());
      if (!index) return nullptr;
      at = &(*at)[*index];
    } else {
      return nullptr;
    }
  }
  return at;
}

size_t depth_of(const Json& value) {
  size_t deepest = 0;
  if (value.is_structured())
    for (const auto& item : value) deepest = std::max(deepest, depth_of(item));
  return value.is_structured() ? deepest + 1 : 0;
}

size_t size_of(const Json& value) {
  size_t n = 8;
  if (value.is_string()) n += value.get_ref<const std::string&>().size();
  if (value.is_object())
    for (const auto& [key, item] : value.items()) n += key.size() + size_of(item);
  else if (value.is_array())
    for (const auto& item : value) n += size_of(item);
  return n;
}

class Patcher {
 public:
  explicit Patcher(Json document) : document_(std::move(document)) {}

  Status apply(const Json& operation) {
    if (!operation.is_object()) return malformed("an operation must be an object");
    const std::string op = str(operation, "op");
    auto path = TRY(pointer(operation, "path"));
    const bool has_value = operation.contains("value");
    if (op == "remove") return remove(path, nullptr);
    if (op == "move" || op == "copy") {
      auto from = TRY(pointer(operation, "from"));
      Json value;
      if (op == "move") {
        if (path.size() > from.size() && std::equal(from.begin(), from.end(), path.begin()))
          return refused("cannot move \"" + text_of(from) + "\" into itself");
        TRY(remove(from, &value));
      } else {
        Json* source = walk(document_, from, from.size());
        if (source == nullptr) return missing(from);
        copied_ += size_of(*source);
        if (copied_ > kMaxCopied) return Error(Reason::kRequestEntityTooLarge, "the JSON patch copies more than " + std::to_string(kMaxCopied) + " bytes");
        value = *source;
      }
      return add(path, std::move(value));
    }
    if (op != "add" && op != "replace" && op != "test") return malformed("unknown operation \"" + op + "\"");
    if (!has_value) return malformed("operation \"" + op + "\" needs a value");
    const Json& value = operation["value"];
    if (op == "add") return add(path, value);
    Json* target = walk(document_, path, path.size());
    if (op == "test") {
      // A missing member equals null, as in the library that Kubernetes uses.
      if (target == nullptr ? !value.is_null() : *target != value) return refused("testing value " + text_of(path) + " failed: test failed");
      return {};
    }
    if (target == nullptr) return missing(path);
    TRY(check_depth(path, value));
    *target = value;
    return {};
  }

  Json take() { return std::move(document_); }

 private:
  static Result<Tokens> pointer(const Json& operation, const char* member) {
    const Json& v = find(operation, member);
    if (!v.is_string()) return malformed(std::string("an operation needs \"") + member + "\"");
    return parse_pointer(v.get_ref<const std::string&>());
  }

  static std::string text_of(const Tokens& path) {
    std::string out;
    for (auto& t : path) out += "/" + t;
    return out;
  }
  static Error missing(const Tokens& path) { return refused("there is nothing at \"" + text_of(path) + "\""); }

  static Status check_depth(const Tokens& path, const Json& value) {
    if (path.size() + depth_of(value) > static_cast<size_t>(kMaxDepth)) return Error(Reason::kBadRequest, "the JSON patch nests values too deeply");
    return {};
  }

  Status add(const Tokens& path, Json value) {
    TRY(check_depth(path, value));
    if (path.empty()) {
      document_ = std::move(value);
      return {};
    }
    Json* parent = walk(document_, path, path.size() - 1);
    if (parent == nullptr) return missing(Tokens(path.begin(), path.end() - 1));
    if (parent->is_object()) {
      (*parent)[path.back()] = std::move(value);
      return {};
    }
    if (!parent->is_array()) return refused("\"" + text_of(path) + "\" is below a value that is neither object nor array");
    auto index = path.back() == "-" ? std::optional(parent->size()) : parse_index(path.back(), parent->size() + 1);
    if (!index) return refused("no such index: \"" + text_of(path) + "\"");
    parent->insert(parent->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return {};
  }

  // Puts what was there into `removed`, if given.
  Status remove(const Tokens& path, Json* removed) {
    Json* target = walk(document_, path, path.size());
    if (target == nullptr) return missing(path);
    if (removed != nullptr) *removed = std::move(*target);
    if (path.empty()) {
      document_ = nullptr;
      return {};
    }
    Json* parent = walk(document_, path, path.size() - 1);
    if (parent->is_object()) parent->erase(path.back());
    else parent->erase(*parse_index(path.back(), parent->size()));
    return {};
  }

  Json document_;
  size_t copied_ = 0;
};

}  // namespace

Result<Json> apply_json_patch(const Json& document, const Json& patch) {
  if (!patch.is_array()) return Error(Reason::kBadRequest, "a JSON patch must be an array of operations");
  if (patch.size() > kMaxOperations)
    return Error(Reason::kRequestEntityTooLarge,
                 "The allowed maximum operations in a JSON patch is " + std::to_string(kMaxOperations) + ", got " + std::to_string(patch.size()));
  Patcher patcher(document);
  for (const auto& operation : patch) TRY(patcher.apply(operation));
  return patcher.take();
}

Json apply_merge_patch(const Json& document, const Json& patch) {
  Json out = document;
  out.merge_patch(patch);
  return out;
}

Json make_merge_patch(const Json& from, const Json& to) {
  if (!from.is_object() || !to.is_object()) return to;
  Json out = Json::object();
  for (const auto& [key, value] : from.items())
    if (!to.contains(key)) out[key] = nullptr;
  for (const auto& [key, value] : to.items()) {
    auto it = from.find(key);
    if (it == from.end()) out[key] = value;
    else if (*it != value) out[key] = make_merge_patch(*it, value);
  }
  return out;
}

}  // namespace skerry::json
