#include "runtime/registries.h"

#include <regex.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/log.h"
#include "base/similar.h"
#include "base/strings.h"
#include "os/files.h"

namespace skerry::runtime {

namespace {

constexpr size_t kMaxFile = 1 << 20, kMaxEntries = 1000;

// A YAML mapping walked key by key, with the place for messages.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  Error at(const YAML::Node& node, const std::string& what) const {
    return {Reason::kInvalid, path_ + ":" + std::to_string(node.Mark().line + 1) + ": " + what};
  }
  // each(key, key's node, value) for all entries of a mapping; nothing there is an empty one.
  template <class F>
  Status mapping(const YAML::Node& node, const std::string& what, F&& each) const {
    if (!node.IsDefined() || node.IsNull()) return {};
    if (!node.IsMap()) return at(node, what + " is a mapping");
    if (node.size() > kMaxEntries) return at(node, what + " has more than " + std::to_string(kMaxEntries) + " entries");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return at(entry.first, what + ": keys are plain text");
      if (!seen.insert(entry.first.Scalar()).second) return at(entry.first, what + ": \"" + entry.first.Scalar() + "\" stands there twice");
      TRY(each(entry.first.Scalar(), entry.first, entry.second));
    }
    return {};
  }
  Error unknown(const YAML::Node& key, const std::vector<std::string_view>& names) const {
    return at(key, "unknown key \"" + key.Scalar() + "\"" + did_you_mean(key.Scalar(), names));
  }
  Status text(const YAML::Node& key, const YAML::Node& value, std::string& out) const {
    if (value.IsNull()) return {};
    if (!value.IsScalar()) return at(key, key.Scalar() + " is plain text");
    out = value.Scalar();
    return {};
  }
  Status boolean(const YAML::Node& key, const YAML::Node& value, bool& out) const {
    if (value.IsNull()) return {};
    if (!value.IsScalar() || !YAML::convert<bool>::decode(value, out)) return at(key, key.Scalar() + " is true or false");
    return {};
  }
  Status texts(const YAML::Node& key, const YAML::Node& value, std::vector<std::string>& out) const {
    if (value.IsNull()) return {};
    if (value.IsScalar()) {
      out.push_back(value.Scalar());
      return {};
    }
    if (!value.IsSequence() || value.size() > kMaxEntries) return at(key, key.Scalar() + " is a list of plain text");
    for (const auto& item : value) {
      if (!item.IsScalar()) return at(item, key.Scalar() + " is a list of plain text");
      out.push_back(item.Scalar());
    }
    return {};
  }

 private:
  const std::string path_;
};

struct HostPort {
  std::string host, port;
};
HostPort split_host(const std::string& address) {
  if (address.starts_with("[")) {
    size_t end = address.find(']');
    if (end == std::string::npos) return {address, ""};
    return {address.substr(1, end - 1), end + 1 < address.size() && address[end + 1] == ':' ? address.substr(end + 2) : ""};
  }
  size_t colon = address.find(':');
  return {address.substr(0, colon), colon == std::string::npos ? "" : address.substr(colon + 1)};
}

bool is_loopback(const std::string& address) {
  std::string host = split_host(address).host;
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_address(const std::string& text) {
  return !text.empty() && text.find_first_of(" \t\n/@?#\"'<>\\") == std::string::npos && text.size() <= 261;
}

// docker.io is reached under another name.
std::string contacted(const std::string& registry) { return registry == "docker.io" || registry == "index.docker.io" ? "registry-1.docker.io" : registry; }

struct Url {
  std::string scheme, host, path;
};
Result<Url> parse_endpoint(const std::string& text) {
  Url url;
  size_t scheme = text.find("://");
  if (scheme != std::string::npos) url.scheme = to_lower(text.substr(0, scheme));
  std::string rest = scheme == std::string::npos ? text : text.substr(scheme + 3);
  size_t slash = rest.find('/');
  url.host = rest.substr(0, slash);
  url.path = slash == std::string::npos ? "" : rest.substr(slash);
  while (url.path.ends_with("/")) url.path.pop_back();
  if (!is_address(url.host) || url.path.find_first_of(" \t\n?#\"<>\\") != std::string::npos)
    return Error(Reason::kInvalid, "\"" + text + "\" is no endpoint: https://HOST[:PORT][/PATH]");
  if (url.scheme.empty()) {
    std::string port = split_host(url.host).port;
    url.scheme = is_loopback(url.host) && !port.empty() && port != "443" ? "http" : "https";
  }
  if (url.scheme != "http" && url.scheme != "https") return Error(Reason::kInvalid, "\"" + text + "\": an endpoint is https:// or http://");
  // Any other path than these stands for itself, as k3s has it.
  if (url.path.empty()) url.path = "/v2";
  return url;
}

RegistryConfig config_of(const RegistryOptions& options, const std::string& host) {
  for (const std::string& name : {contacted(host), host, std::string(host == "registry-1.docker.io" ? "docker.io" : host), std::string("*")})
    if (auto it = options.configs.find(name); it != options.configs.end()) return it->second;
  return {};
}

struct Pattern {
  regex_t compiled;
  bool ok = false;
  ~Pattern() {
    if (ok) regfree(&compiled);
  }
};

// What POSIX does not know and Go's expressions do.
Result<std::string> to_posix(const std::string& pattern) {
  if (pattern.size() > 256) return Error(Reason::kBadRequest, "a pattern has at most 256 characters");
  std::string out;
  int counts = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      char c = pattern[++i];
      if (c == 'd') out += "[0-9]";
      else if (c == 'D') out += "[^0-9]";
      else (out += '\\') += c;
      continue;
    }
    bool group = pattern[i] == '(' && i + 1 < pattern.size() && pattern[i + 1] == '?';
    bool lazy = pattern[i] == '?' && i > 0 && (pattern[i - 1] == '*' || pattern[i - 1] == '+' || pattern[i - 1] == '?' || pattern[i - 1] == '}') &&
                (i < 2 || pattern[i - 2] != '\\');
    if (pattern[i] == '{') {
      // Counts multiply when nested, and with them what the compiled expression takes.
      size_t digits = pattern.find_first_not_of("0123456789,", i + 1);
      bool small = true;
      for (auto count : split(std::string_view(pattern).substr(i + 1, digits - i - 1), ',')) small = small && (count.empty() || parse_int(count).value_or(1000) <= 100);
      if (++counts > 2 || !small) return Error(Reason::kBadRequest, "\"" + pattern + "\": at most two counts of at most 100 are supported");
    }
    if (group || lazy) return Error(Reason::kBadRequest, "\"" + pattern + "\": (?...) and lazy repetition are not supported");
    out += pattern[i];
  }
  return out;
}

Status compile(const std::string& pattern, Pattern& out) {
  std::string posix = TRY(to_posix(pattern));
  int code = regcomp(&out.compiled, posix.c_str(), REG_EXTENDED);
  if (code == 0) {
    out.ok = true;
    return {};
  }
  char message[128];
  regerror(code, &out.compiled, message, sizeof message);
  return Error(Reason::kBadRequest, "\"" + pattern + "\" is no regular expression: " + message);
}

// Go's template: $name takes as many letters as it can, so "$1x" is the group "1x", which is empty.
std::string expand(const std::string& replacement, const std::string& text, const std::vector<regmatch_t>& groups) {
  std::string out;
  for (size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '$' || i + 1 >= replacement.size()) {
      out += replacement[i];
      continue;
    }
    if (replacement[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    bool braces = replacement[i + 1] == '{';
    size_t begin = i + (braces ? 2 : 1), end = begin;
    while (end < replacement.size() && (std::isalnum(static_cast<unsigned char>(replacement[end])) || replacement[end] == '_')) ++end;
    if (end == begin || (braces && (end >= replacement.size() || replacement[end] != '}'))) {
      out += '$';
      continue;
    }
    auto number = parse_int(std::string_view(replacement).substr(begin, end - begin));
    if (number && *number >= 0 && static_cast<size_t>(*number) < groups.size() && groups[static_cast<size_t>(*number)].rm_so >= 0) {
      auto& g = groups[static_cast<size_t>(*number)];
      out += text.substr(static_cast<size_t>(g.rm_so), static_cast<size_t>(g.rm_eo - g.rm_so));
    }
    i = braces ? end : end - 1;
  }
  return out;
}

}  // namespace

Result<std::string> rewrite(const std::string& text, const std::string& pattern, const std::string& replacement) {
  Pattern compiled;
  TRY(compile(pattern, compiled));
  std::string out;
  size_t at = 0;
  bool after_match = false;  // an empty match there does not count
  while (at <= text.size()) {
    std::vector<regmatch_t> groups(std::min<size_t>(compiled.compiled.re_nsub + 1, 100));
    const std::string rest = text.substr(at);
    if (regexec(&compiled.compiled, rest.c_str(), groups.size(), groups.data(), at > 0 ? REG_NOTBOL : 0) != 0) break;
    auto begin = static_cast<size_t>(groups[0].rm_so), end = static_cast<size_t>(groups[0].rm_eo);
    out += rest.substr(0, begin);
    if (end > begin || begin > 0 || !after_match) out += expand(replacement, rest, groups);
    after_match = end > begin;
    if (end == begin) {  // an empty match: one letter on
      if (end < rest.size()) out += rest[end];
      ++end;
    }
    at += end;
  }
  if (at < text.size()) out += text.substr(at);
  return out;
}

Result<RegistryOptions> parse_registries(std::string_view text, const std::string& path) {
  Reader reader(path);
  RegistryOptions out;
  auto read_rewrite = [&](RegistryMirror& mirror) {
    return [&](const std::string& pattern, const YAML::Node& key, const YAML::Node& value) -> Status {
      if (!value.IsScalar()) return reader.at(key, "a rewrite is a pattern and plain text");
      Pattern compiled;
      if (Status good = compile(pattern, compiled); !good) return reader.at(key, good.error().message);
      mirror.rewrites.emplace_back(pattern, value.Scalar());
      return {};
    };
  };
  auto read_mirror = [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) -> Status {
    if (name != "*" && !is_address(name)) return reader.at(key, "\"" + name + "\" is no registry: HOST[:PORT] or \"*\"");
    RegistryMirror& mirror = out.mirrors[name];
    return reader.mapping(value, "the mirror \"" + name + "\"", [&](const std::string& field, const YAML::Node& k, const YAML::Node& v) -> Status {
      if (field == "endpoint") {
        TRY(reader.texts(k, v, mirror.endpoints));
        for (auto& endpoint : mirror.endpoints)
          if (auto url = parse_endpoint(endpoint); !url) return reader.at(k, url.error().message);
        return {};
      }
      if (field == "rewrite") return reader.mapping(v, "rewrite", read_rewrite(mirror));
      return reader.unknown(k, {"endpoint", "rewrite"});
    });
  };
  auto read_auth = [&](RegistryAuth& auth) {
    return [&](const std::string& field, const YAML::Node& k, const YAML::Node& v) -> Status {
      if (field == "username") return reader.text(k, v, auth.username);
      if (field == "password") return reader.text(k, v, auth.password);
      if (field == "identity_token") return reader.text(k, v, auth.identity_token);
      if (field != "auth") return reader.unknown(k, {"username", "password", "auth", "identity_token"});
      std::string packed;
      TRY(reader.text(k, v, packed));
      if (packed.empty()) return {};
      auto both = base64_decode(packed);
      size_t colon = both ? both->find(':') : std::string::npos;
      if (colon == std::string::npos) return reader.at(k, "auth is base64 of username:password");
      if (auth.username.empty()) auth.username = both->substr(0, colon);
      if (auth.password.empty()) auth.password = both->substr(colon + 1);
      return {};
    };
  };
  auto read_tls = [&](RegistryTls& tls) {
    return [&](const std::string& field, const YAML::Node& k, const YAML::Node& v) -> Status {
      if (field == "ca_file") return reader.text(k, v, tls.ca_file);
      if (field == "cert_file") return reader.text(k, v, tls.cert_file);
      if (field == "key_file") return reader.text(k, v, tls.key_file);
      if (field == "insecure_skip_verify") return reader.boolean(k, v, tls.insecure_skip_verify);
      return reader.unknown(k, {"ca_file", "cert_file", "key_file", "insecure_skip_verify"});
    };
  };
  auto read_config = [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) -> Status {
    // Older files have "https://host" here.
    size_t scheme = name.find("://");
    std::string host = scheme == std::string::npos ? name : name.substr(scheme + 3);
    if (host != "*" && !is_address(host)) return reader.at(key, "\"" + name + "\" is no host: HOST[:PORT] or \"*\"");
    RegistryConfig& config = out.configs[host];
    TRY(reader.mapping(value, "the config \"" + name + "\"", [&](const std::string& field, const YAML::Node& k, const YAML::Node& v) -> Status {
      if (field == "auth") return reader.mapping(v, "auth", read_auth(config.auth));
      if (field == "tls") {
        config.tls.given = true;
        return reader.mapping(v, "tls", read_tls(config.tls));
      }
      return reader.unknown(k, {"auth", "tls"});
    }));
    if (config.tls.cert_file.empty() != config.tls.key_file.empty()) return reader.at(key, "\"" + name + "\": cert_file and key_file belong together");
    return {};
  };
  try {
    YAML::Node root = YAML::Load(std::string(text));
    TRY(reader.mapping(root, "registries.yaml", [&](const std::string& field, const YAML::Node& k, const YAML::Node& v) -> Status {
      if (field == "mirrors") return reader.mapping(v, field, read_mirror);
      if (field == "configs") return reader.mapping(v, field, read_config);
      return reader.unknown(k, {"mirrors", "configs"});
    }));
  } catch (const YAML::Exception& e) {
    return Error(Reason::kInvalid, path + ":" + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
  return out;
}

std::vector<RegistryEndpoint> endpoints_of(const RegistryOptions& options, const Reference& reference) {
  std::vector<RegistryEndpoint> out;
  const std::string& registry = reference.domain;
  const std::string host = contacted(registry);

  RegistryEndpoint self;
  self.host = host;
  self.repository = reference.path;
  self.config = config_of(options, registry);
  const std::string port = split_host(host).port;
  bool plain = options.plain_http.contains(registry) || (is_loopback(host) && port != "443" && !self.config.tls.given);
  self.base = (plain ? "http://" : "https://") + host + "/v2";

  auto mirror = options.mirrors.find(registry);
  if (mirror == options.mirrors.end()) mirror = options.mirrors.find("*");
  bool self_named = false;
  if (mirror != options.mirrors.end()) {
    std::string repository = reference.path;
    for (auto& [pattern, replacement] : mirror->second.rewrites) {
      auto changed = rewrite(reference.path, pattern, replacement);
      if (!changed || *changed == reference.path || changed->empty()) continue;
      repository = *changed;
      break;  // the first that changes anything
    }
    for (const std::string& endpoint : mirror->second.endpoints) {
      auto url = parse_endpoint(endpoint);
      if (!url) continue;  // was refused when the file was read
      RegistryEndpoint e;
      e.host = contacted(url->host);
      e.base = url->scheme + "://" + e.host + url->path;
      e.repository = repository;
      e.config = config_of(options, url->host);
      e.is_mirror = e.host != host;
      if (e.is_mirror) e.ns = registry;
      if (std::any_of(out.begin(), out.end(), [&](auto& other) { return other.base == e.base; })) continue;
      self_named = self_named || e.base == self.base;
      out.push_back(std::move(e));
    }
    // Where nothing but the registry itself could be asked, it is.
    if (!out.empty() && !options.default_endpoint) return out;
  }
  if (!self_named || out.empty()) out.push_back(std::move(self));
  return out;
}

Result<std::shared_ptr<const RegistryOptions>> RegistriesFile::current() {
  std::lock_guard lock(mutex_);
  std::string stamp = "none";
  struct stat st {};
  if (!path_.empty() && ::stat(path_.c_str(), &st) == 0)
    stamp = std::to_string(st.st_ino) + " " + std::to_string(st.st_size) + " " + std::to_string(st.st_mtim.tv_sec) + "." + std::to_string(st.st_mtim.tv_nsec) +
            " " + std::to_string(st.st_ctim.tv_sec) + "." + std::to_string(st.st_ctim.tv_nsec);
  if (stamp != stamp_) {
    const bool again = !stamp_.empty();
    stamp_ = stamp;
    broken_ = {};
    Result<RegistryOptions> read = RegistryOptions();
    if (stamp != "none") {
      auto text = os::read_file(path_, kMaxFile);
      read = text ? parse_registries(*text, path_) : Result<RegistryOptions>(text.error());
    }
    if (read) {
      read->plain_http = base_.plain_http;
      read->default_endpoint = base_.default_endpoint;
      read->parallel_downloads = base_.parallel_downloads;
      known_ = std::make_shared<const RegistryOptions>(std::move(*read));
      if (again) LOG_INFO("images", "registries: " << path_ << (stamp == "none" ? " is gone" : " was read again"));
    } else {
      LOG_ERROR("images", "registries: " << read.error().message << (known_ ? "; what held before still does" : "; images are not pulled until this is mended"));
      if (!known_) broken_ = read.error();
    }
  }
  if (known_) return known_;
  return broken_.error();
}

}  // namespace skerry::runtime
