#include "kustomize/generators.h"

#include <openssl/sha.h>

#include <algorithm>
#include <map>

#include "base/strings.h"

namespace skerry::kustomize {
namespace {

Error bad(std::string message) { return {Reason::kBadRequest, std::move(message)}; }

struct Pair {
  std::string key;
  std::string value;
};

// As Go prints a list: [a b].
std::string go_list(const Json& list) {
  std::string out;
  for (const auto& item : json::array_or_empty(list)) out += (out.empty() ? "" : " ") + (item.is_string() ? item.get<std::string>() : "");
  return "[" + out + "]";
}

bool valid_utf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    auto c = static_cast<unsigned char>(s[i]);
    size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 4;
    if (more == 4 || i + more >= s.size() + (more == 0 ? 1 : 0)) return false;
    for (size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xc0) != 0x80) return false;
    auto second = more > 0 ? static_cast<unsigned char>(s[i + 1]) : 0;
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second > 0x9f) || (c == 0xf0 && second < 0x90) || (c == 0xf4 && second > 0x8f)) return false;
    i += more + 1;
  }
  return true;
}

std::string unquote(std::string s) {
  if (s.size() >= 2 && s.front() == s.back() && (s.front() == '"' || s.front() == '\'')) return s.substr(1, s.size() - 2);
  return s;
}

Status add_env_file(std::vector<Pair>& out, std::string_view text) {
  bool first = true;
  for (auto line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!valid_utf8(line)) return bad("line " + std::string(line) + " has invalid utf8 bytes : " + std::string(line));
    if (first && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    first = false;
    while (!line.empty() && (line[0] == ' ' || (line[0] >= '\t' && line[0] <= '\r'))) line.remove_prefix(1);
    if (line.empty() || line[0] == '#') continue;
    size_t equals = line.find('=');
    std::string key(line.substr(0, equals));
    if (key.empty()) return bad("invalid environment variable name: \"\"");
    out.push_back({std::move(key), equals == std::string_view::npos ? "" : std::string(line.substr(equals + 1))});
  }
  return {};
}

Status add_literal(std::vector<Pair>& out, const std::string& source) {
  size_t equals = source.find('=');
  if (equals == 0 || equals == std::string::npos) return bad("invalid literal source " + source + ", expected key=value");
  out.push_back({source.substr(0, equals), unquote(source.substr(equals + 1))});
  return {};
}

Status add_file(std::vector<Pair>& out, const Loader& loader, const std::string& source) {
  size_t equals = source.find('=');
  std::string key, path = source;
  if (equals == std::string::npos) {
    key = source.substr(source.rfind('/') + 1);
  } else {
    key = source.substr(0, equals);
    path = source.substr(equals + 1);
    if (path.find('=') != std::string::npos) return bad("source \"" + source + "\" key name or file path contains '='");
    if (key.empty()) return bad("missing key name for file path \"" + path + "\" in source \"" + source + "\"");
    if (path.empty()) return bad("missing file path for key name \"" + key + "\" in source \"" + source + "\"");
  }
  std::string content = TRY(loader.load(path));
  out.push_back({std::move(key), std::move(content)});
  return {};
}

Result<std::vector<Pair>> load_pairs(const Loader& loader, const Json& args) {
  std::vector<Pair> out;
  struct Source {
    const char* field;
    std::string words;
    Status (*add)(std::vector<Pair>&, const Loader&, const std::string&);
  };
  const Source sources[] = {
      {"envs", "env source files: ", [](std::vector<Pair>& pairs, const Loader& l, const std::string& path) -> Status {
         std::string text = TRY(l.load(path));
         return add_env_file(pairs, text);
       }},
      {"literals", "literal sources ", [](std::vector<Pair>& pairs, const Loader&, const std::string& s) { return add_literal(pairs, s); }},
      {"files", "file sources: ", [](std::vector<Pair>& pairs, const Loader& l, const std::string& s) { return add_file(pairs, l, s); }},
  };
  for (const auto& source : sources) {
    const Json& list = json::find(args, source.field);
    for (const auto& item : json::array_or_empty(list)) {
      Status added = source.add(out, loader, item.is_string() ? item.get<std::string>() : "");
      if (!added) return bad("loading KV pairs: " + source.words + go_list(list) + ": " + added.error().message);
    }
  }
  return out;
}

// Base64 as kustomize writes it into Secrets: lines of 70 characters if it is longer.
std::string secret_value(std::string_view bytes) {
  std::string encoded = base64_encode(bytes);
  constexpr size_t kLine = 70;
  if (encoded.size() <= kLine) return encoded;
  std::string out;
  for (size_t at = 0; at < encoded.size(); at += kLine) out += encoded.substr(at, kLine) + "\n";
  return out;
}

// A local option wins over the global one; flags are either's.
Json options_of(const Json& args, const Json& global) {
  Json out = json::object_or_empty(json::find(args, "options"));
  for (const char* map : {"labels", "annotations"})
    for (const auto& [key, value] : json::object_or_empty(json::find(global, map)).items())
      if (!json::find(out, map).contains(key)) out[map][key] = value;
  for (const char* flag : {"disableNameSuffixHash", "immutable"})
    if (json::boolean(global, flag)) out[flag] = true;
  return out;
}

// encoding/json's text: HTML characters and line separators escaped.
std::string go_json(const Json& value) {
  std::string plain = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  for (size_t i = 0; i < plain.size(); ++i) {
    char c = plain[i];
    if (c == '<') out += "\\u003c";
    else if (c == '>') out += "\\u003e";
    else if (c == '&') out += "\\u0026";
    else if (plain.compare(i, 3, "\xe2\x80\xa8") == 0) out += "\\u2028", i += 2;
    else if (plain.compare(i, 3, "\xe2\x80\xa9") == 0) out += "\\u2029", i += 2;
    else if (c == '\x7f') out += c;
    else out += c;
  }
  return out;
}

}  // namespace

Result<ResourcePtr> generate(const Loader& loader, const std::string& kind, const Json& args, const Json& global) {
  std::string name = json::str(args, "name");
  if (name.empty()) return bad("a configmap must have a name");
  bool secret = kind == "Secret";
  auto out = std::make_shared<Resource>();
  out->node = Node::map();
  out->node.set("apiVersion", Node::string("v1"));
  out->node.set("kind", Node::string(kind));
  Node& metadata = out->node.child_map("metadata");
  metadata.set("name", Node::string(name));
  if (std::string ns = json::str(args, "namespace"); !ns.empty()) metadata.set("namespace", Node::string(ns));
  if (secret) {
    std::string type = json::str(args, "type");
    out->node.set("type", Node::string(type.empty() ? "Opaque" : type));
  }
  auto pairs = TRY(load_pairs(loader, args));
  std::map<std::string, std::string> known;
  for (auto& pair : pairs)
    if (!known.emplace(pair.key, std::move(pair.value)).second) return bad("configmap " + name + " illegally repeats the key `" + pair.key + "`");
  for (const auto& [key, value] : known) {
    if (secret) out->node.child_map("data").fields.push_back({key, Node::string(secret_value(value))});
    else if (valid_utf8(value)) out->node.child_map("data").fields.push_back({key, Node::string(value)});
    else out->node.child_map("binaryData").fields.push_back({key, Node::string(secret_value(value))});
  }
  Json options = options_of(args, global);
  for (const char* map : {"labels", "annotations"})
    for (const auto& [key, value] : json::object_or_empty(json::find(options, map)).items())
      out->node.child_map("metadata").child_map(map).set(key, Node::string(value.is_string() ? value.get<std::string>() : ""));
  if (json::boolean(options, "immutable")) out->node.set("immutable", Node::plain("true"));
  std::string behavior = json::str(args, "behavior");
  out->behavior = behavior == "create" ? Behavior::kCreate : behavior == "merge" ? Behavior::kMerge : behavior == "replace" ? Behavior::kReplace : Behavior::kUnspecified;
  out->hash_suffix = !json::boolean(options, "disableNameSuffixHash");
  return out;
}

namespace {

std::string hash_of(const Json& encoded) {
  std::string text = go_json(encoded);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string out = hex_encode(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest)).substr(0, 10);
  for (char& c : out) {  // no vowels and nothing that looks like one: no words
    if (c == '0') c = 'g';
    else if (c == '1') c = 'h';
    else if (c == '3') c = 'k';
    else if (c == 'a') c = 'm';
    else if (c == 'e') c = 't';
  }
  return out;
}

}  // namespace

std::string content_hash(const Node& object) {
  auto value = [&](std::string_view field) -> Json {
    const Node* n = object.find(field);
    return n != nullptr ? to_json(*n) : Json("");
  };
  std::string kind = object.text({"kind"});
  if (kind != "ConfigMap" && kind != "Secret") return hash_of(to_json(object));
  Json encoded = {{"kind", kind}, {"name", ""}, {"data", value("data")}};
  const char* more = kind == "Secret" ? "stringData" : "binaryData";
  if (kind == "Secret") encoded["type"] = value("type");
  if (Json extra = value(more); extra.is_object()) encoded[more] = std::move(extra);
  return hash_of(encoded);
}

std::string content_hash_with_name(const Json& object) {
  std::string kind = json::str(object, "kind");
  Json encoded = {{"kind", kind}, {"name", json::str(object, {"metadata", "name"})}, {"data", json::object_or_empty(json::find(object, "data"))}};
  if (kind == "Secret") encoded["type"] = json::str(object, "type");
  for (const char* field : {"stringData", "binaryData"})
    if (!json::object_or_empty(json::find(object, field)).empty()) encoded[field] = object[field];
  if (const Json& immutable = json::find(object, "immutable"); immutable.is_boolean()) encoded["immutable"] = immutable;
  return hash_of(encoded);
}

}  // namespace skerry::kustomize
