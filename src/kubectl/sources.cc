#include "kubectl/sources.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "http/client.h"
#include "json/yaml.h"
#include "kubectl/session.h"
#include "kubectl/yaml_error.h"
#include "kustomize/kustomize.h"

namespace skerry::kubectl {

namespace {

constexpr size_t kMaxFile = 64 << 20;
constexpr int kMaxFolderDepth = 32;

bool is_url(std::string_view s) { return starts_with(s, "http://") || starts_with(s, "https://"); }
bool has_manifest_ending(const std::string& path) {
  return ends_with(path, ".json") || ends_with(path, ".yaml") || ends_with(path, ".yml");
}

std::string is_missing(const Json& object) {
  std::string shown = json::dump(object);
  if (shown.size() > 2000) shown = shown.substr(0, 2000) + "...";
  return " is missing in '" + shown + "'";
}

std::string what_is_not_set(const Json& object) {
  bool version = !json::str(object, "apiVersion").empty(), kind = !json::str(object, "kind").empty();
  if (!version && !kind) return "[apiVersion not set, kind not set]";
  return !version ? "apiVersion not set" : !kind ? "kind not set" : "";
}

// The objects of one text; `source` names it in errors.
void read_objects(std::string_view text, const std::string& source, bool validating, Sources& out) {
  auto documents = json::parse_yaml_stream(text, json::DuplicateKeys::kLastWins);
  if (!documents) {
    bool is_json = starts_with(trim(text), "{");
    out.errors.push_back(plain_error("error parsing " + source + ": " + (is_json ? documents.error().message : "error converting YAML to JSON: " + yaml_error(documents.error().message, text))));
    return;
  }
  for (auto& d : *documents) {
    if (d.is_null() || (d.is_object() && d.empty())) continue;
    auto refuse = [&](const std::string& why) { out.errors.push_back(plain_error("unable to decode \"" + source + "\": " + why)); };
    if (validating) {
      std::string why = !d.is_object() ? "invalid object to validate" : what_is_not_set(d);
      if (!why.empty()) {
        out.errors.push_back(plain_error("error validating \"" + source + "\": error validating data: " + why +
                                         "; if you choose to ignore these errors, turn validation off with --validate=false"));
        continue;
      }
    }
    if (!d.is_object()) {
      refuse("json: cannot unmarshal " + std::string(d.is_array() ? "array" : d.is_string() ? "string" : "value") + " into Go value of type unstructured.detector");
      continue;
    }
    if (json::str(d, "kind").empty()) {
      refuse("Object 'Kind'" + is_missing(d));
      continue;
    }
    if (json::str(d, "apiVersion").empty()) {
      refuse("Object 'apiVersion'" + is_missing(d));
      continue;
    }
    auto metadata = d.find("metadata");
    if (metadata != d.end() && !metadata->is_object() && !metadata->is_null()) {
      std::string_view what = metadata->is_array() ? "array" : metadata->is_string() ? "string" : metadata->is_boolean() ? "bool" : "number";
      refuse("json: cannot unmarshal " + std::string(what) + " into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta");
      continue;
    }
    std::string kind = json::str(d, "kind");
    if (ends_with(kind, "List") && d.contains("items") && d["items"].is_array()) {
      std::string item_kind = kind.substr(0, kind.size() - 4);
      for (auto& item : d["items"]) {
        if (!item.is_object()) {
          refuse("an item of the list is no object");
          continue;
        }
        if (!item_kind.empty() && !item.contains("kind")) item["kind"] = item_kind;
        if (!item_kind.empty() && !item.contains("apiVersion")) item["apiVersion"] = d["apiVersion"];
        if (json::str(item, "kind").empty() || json::str(item, "apiVersion").empty()) {
          refuse(std::string(json::str(item, "kind").empty() ? "Object 'Kind'" : "Object 'apiVersion'") + is_missing(item));
          continue;
        }
        out.objects.push_back({std::move(item), source});
      }
      out.single = false;
      continue;
    }
    out.objects.push_back({std::move(d), source});
  }
}

Status list_folder(const std::string& folder, bool recursive, int depth, std::vector<std::string>& out) {
  if (depth > kMaxFolderDepth) return plain_error("the folders below \"" + folder + "\" are nested too deeply");
  std::vector<std::filesystem::directory_entry> entries;
  std::error_code ec;
  for (auto it = std::filesystem::directory_iterator(folder, ec); !ec && it != std::filesystem::directory_iterator(); it.increment(ec)) entries.push_back(*it);
  if (ec) return plain_error("open " + folder + ": " + to_lower(ec.message()));
  std::sort(entries.begin(), entries.end());
  for (auto& e : entries) {
    std::string path = e.path();
    if (e.is_directory(ec)) {
      if (recursive) TRY(list_folder(path, true, depth + 1, out));
    } else if (has_manifest_ending(path)) {
      out.push_back(path);
    }
  }
  return {};
}

Result<std::string> fetch_url(const std::string& url) {
  http::Client client;
  http::ClientRequest request{.url = url};
  request.follow_redirects = true;
  request.max_body_bytes = kMaxFile;
  auto answer = client.send(request);
  if (!answer && to_lower(answer.error().message).find("refused") != std::string::npos) {
    auto host = url.substr(url.find("://") + 3);
    return plain_error("The connection to the server " + host.substr(0, host.find_first_of("/?#")) + " was refused - did you specify the right host or port?");
  }
  if (!answer) return plain_error("unable to read URL \"" + url + "\": " + answer.error().message);
  if (answer->status != 200) return plain_error("unable to read URL \"" + url + "\", server reported " + std::to_string(answer->status) + ", status code=" + std::to_string(answer->status));
  return answer->body;
}

class ClientFiles : public kustomize::DiskFiles {
 public:
  Result<std::string> fetch(const std::string& url) override { return fetch_url(url); }
};

}  // namespace

std::unique_ptr<kustomize::FileSource> client_files() { return std::make_unique<ClientFiles>(); }

Result<std::string> read_text(const std::string& path, std::istream& in) {
  std::stringstream text;
  if (path == "-") {
    text << in.rdbuf();
    if (text.str().size() > kMaxFile) return plain_error("standard input is larger than 64 MB");
    return text.str();
  }
  struct stat st;
  if (::stat(path.c_str(), &st) != 0)
    return plain_error(errno == ENOENT ? "the path \"" + path + "\" does not exist" : "the path \"" + path + "\" cannot be accessed: stat " + path + ": " + to_lower(std::strerror(errno)));
  if (S_ISDIR(st.st_mode)) return plain_error("read " + path + ": is a directory");
  if (st.st_size > static_cast<off_t>(kMaxFile)) return plain_error("the file \"" + path + "\" is larger than 64 MB");
  std::ifstream file(path, std::ios::binary);
  if (!file) return plain_error("open " + path + ": " + to_lower(std::strerror(errno)));
  text << file.rdbuf();
  if (file.bad() || text.str().size() > kMaxFile) return plain_error("cannot read \"" + path + "\"");
  return text.str();
}

Result<Sources> read_sources(const std::vector<std::string>& filenames, const std::string& kustomize, bool recursive, std::istream& in, std::ostream& err,
                             bool validating) {
  Sources out;
  if (!kustomize.empty() && !filenames.empty()) return plain_error("only one of -f or -k can be specified");
  if (!kustomize.empty()) {
    auto files = client_files();
    kustomize::Options options;
    options.warn = [&](const std::string& warning) { err << warning << std::endl; };
    auto built = TRY(kustomize::build_output(*files, kustomize, options));
    for (auto& r : built.resources) out.objects.push_back({std::move(r), kustomize});
    return out;
  }
  out.single = filenames.size() == 1;
  for (auto& name : filenames) {
    if (name == "-") {
      auto text = TRY(read_text("-", in));
      read_objects(text, "STDIN", validating, out);
      continue;
    }
    if (is_url(name)) {
      auto text = TRY(fetch_url(name));
      read_objects(text, name, validating, out);
      continue;
    }
    std::vector<std::string> paths{name};
    struct stat st;
    if (::stat(name.c_str(), &st) != 0 && name.find_first_of("*?[") != std::string::npos) {
      glob_t found{};
      if (::glob(name.c_str(), 0, nullptr, &found) == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
      ::globfree(&found);
      out.single = false;
    }
    for (auto& path : paths) {
      std::vector<std::string> files{path};
      if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) {
        files.clear();
        TRY(list_folder(path, recursive, 0, files));
        if (files.empty()) return plain_error("error reading [" + path + "]: recognized file extensions are [.json .yaml .yml]");
        out.single = false;
      }
      for (auto& f : files) {
        auto text = TRY(read_text(f, in));
        read_objects(text, f, validating, out);
      }
    }
  }
  if (out.objects.size() != 1) out.single = false;
  return out;
}

}  // namespace skerry::kubectl
