// Config: the content of kubeconfig files: clusters, users and contexts by name.
//
// Entries stay JSON objects as they were written, fields we do not know included; reading checks that the known ones have
// their type. Comparing and copying are cheap enough for files of a few thousand entries.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json.h"

namespace skerry::kubeconfig {

struct Entry {
  Json value = Json::object();  // "server", "certificate-authority-data", ...
  std::string origin{};         // path of the file it came from; empty: none yet
  bool operator==(const Entry&) const = default;
};
using Entries = std::map<std::string, Entry>;

struct Config {
  Entries clusters{}, users{}, contexts{};
  std::string current_context{};
  Json preferences = Json::object();
  std::map<std::string, Json> extensions{};
  Json unknown = Json::object();  // other fields of the file
  bool operator==(const Config&) const = default;
  bool empty() const { return *this == Config(); }
};

inline constexpr size_t kMaxConfigBytes = 16 << 20;

// A file's text, YAML or JSON; every entry gets `origin`. BadRequest with the text kubectl has for it, without the file's name.
Result<Config> parse_config(std::string_view text, const std::string& origin = "");

// As the file holds it, lists sorted by name. Known fields are normalised as kubectl writes them (empty ones left out).
// `keep_unknown`: with the fields kubectl would drop.
Json to_json(const Config& config, bool keep_unknown = true);
// YAML of a file.
std::string dump_config(const Config& config);
// JSON of kubectl's `-o json`: indented by four, fields in kubectl's order, unknown ones left out.
std::string dump_config_json(const Config& config);

}  // namespace skerry::kubeconfig
