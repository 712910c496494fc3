#include "kubeconfig/credentials.h"

#include <mutex>

#include "base/strings.h"
#include "kubeconfig/exec_plugin.h"
#include "kubeconfig/paths.h"

namespace skerry::kubeconfig {
namespace {

constexpr std::chrono::seconds kTokenFilePeriod{60};

// Impersonate-Extra-<key>: a key may hold characters that a header's name may not.
std::string escape_header_key(const std::string& key) {
  static constexpr std::string_view kToken = "!#$&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : key) {
    if (kToken.find(static_cast<char>(c)) != kToken.npos) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

}  // namespace

struct Credentials::Impl {
  RestConfig config;
  Environment environment;
  const Clock& clock;

  std::mutex mutex;  // guards all below, also while a plugin runs
  std::string file_token;
  MonoTime file_read{};
  bool file_known = false;
  std::optional<PluginCredentials> plugin;  // none: to be asked
  uint64_t generation = 1;                  // of `plugin`; 1: before the first

  std::string token();
  Status ask_plugin();
};

// The file's content counts, and the given token while the file cannot be read.
std::string Credentials::Impl::token() {
  if (config.bearer_token_file.empty()) return config.bearer_token;
  if (!file_known || clock.mono() - file_read >= kTokenFilePeriod) {
    auto text = read_named_file(config.bearer_token_file);
    if (text && !trim(*text).empty()) file_token = std::string(trim(*text)), file_known = true;
    file_read = clock.mono();
  }
  return file_token.empty() ? config.bearer_token : file_token;
}

Status Credentials::Impl::ask_plugin() {
  if (plugin && (!plugin->expires || clock.now() <= *plugin->expires)) return {};
  auto answer = run_exec_plugin(*config.exec, environment);
  if (!answer) {
    Error error = answer.error();
    error.message = "Unable to connect to the server: getting credentials: " + error.message;
    return error;
  }
  plugin = std::move(*answer);
  generation++;
  return {};
}

Credentials::Credentials(const RestConfig& config, Environment environment, const Clock& clock)
    : impl_(new Impl{.config = config, .environment = std::move(environment), .clock = clock, .mutex = {}, .file_token = {}, .plugin = {}}) {}

Credentials::~Credentials() = default;

Result<Access> Credentials::access() {
  std::lock_guard l(impl_->mutex);
  const RestConfig& config = impl_->config;
  Access access;
  access.tls = config.tls;
  access.generation = impl_->generation;
  if (const std::string token = impl_->token(); !token.empty()) {
    access.headers.set("Authorization", "Bearer " + token);
  } else if (!config.username.empty() || !config.password.empty()) {
    access.headers.set("Authorization", "Basic " + base64_encode(config.username + ":" + config.password));
  } else if (config.exec) {
    TRY(impl_->ask_plugin());
    access.generation = impl_->generation;
    if (!impl_->plugin->token.empty()) access.headers.set("Authorization", "Bearer " + impl_->plugin->token);
    if (!impl_->plugin->cert_pem.empty()) {
      access.tls.cert_pem = impl_->plugin->cert_pem;
      access.tls.key_pem = impl_->plugin->key_pem;
    }
  }
  for (unsigned char c : std::string(access.headers.get("Authorization")))
    if (c < 0x20 || c == 0x7f) return Error(Reason::kBadRequest, "net/http: invalid header field value for \"Authorization\"");
  const Impersonation& as = config.impersonation;
  if (as.user.empty()) return access;
  access.headers.set("Impersonate-User", as.user);
  if (!as.uid.empty()) access.headers.set("Impersonate-Uid", as.uid);
  for (const std::string& group : as.groups) access.headers.add("Impersonate-Group", group);
  for (const auto& [key, values] : as.extra)
    for (const std::string& value : values) access.headers.add("Impersonate-Extra-" + escape_header_key(key), value);
  return access;
}

bool Credentials::rejected(const Access& used) {
  std::lock_guard l(impl_->mutex);
  if (!impl_->plugin) return false;
  if (used.generation == impl_->generation) impl_->plugin.reset();  // else another request has renewed them meanwhile
  return true;
}

}  // namespace skerry::kubeconfig
