#include "kubectl/session.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>

#include "base/strings.h"
#include "kubeconfig/client_config.h"
#include "kubectl/discovery.h"
#include "kubectl/log_line.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {

namespace {

// Marks usage errors; Status errors never have this detail.
const std::shared_ptr<const ErrorDetails> kUsage = std::make_shared<ErrorDetails>();

// `own`: the command's flags. One that has the name of a global flag means something else (create rolebinding --user).
kubeconfig::Overrides overrides_of(const Flags& flags, const std::vector<Flag>& own) {
  struct Global {
    const Flags& flags;
    const std::vector<Flag>& own;
    bool hidden(std::string_view name) const {
      for (auto& f : own) if (f.name == name) return true;
      return false;
    }
    std::string text(std::string_view name) const { return hidden(name) ? "" : flags.text(name); }
    bool boolean(std::string_view name) const { return !hidden(name) && flags.boolean(name); }
    std::vector<std::string> list(std::string_view name) const { return hidden(name) ? std::vector<std::string>{} : flags.list(name); }
  } f{flags, own};
  kubeconfig::Overrides o;
  o.kubeconfig = f.text("kubeconfig");
  o.context = f.text("context");
  o.cluster = f.text("cluster");
  o.user = f.text("user");
  o.ns = f.text("namespace");
  o.server = f.text("server");
  o.certificate_authority = f.text("certificate-authority");
  o.tls_server_name = f.text("tls-server-name");
  o.insecure_skip_tls_verify = f.boolean("insecure-skip-tls-verify");
  o.disable_compression = f.boolean("disable-compression");
  o.token = f.text("token");
  o.username = f.text("username");
  o.password = f.text("password");
  o.client_certificate = f.text("client-certificate");
  o.client_key = f.text("client-key");
  o.as = f.text("as");
  o.as_uid = f.text("as-uid");
  o.as_groups = f.list("as-group");
  o.as_user_extra = f.list("as-user-extra");
  o.request_timeout = f.text("request-timeout");
  return o;
}

std::string cache_dir_of(const Flags& f) { return f.changed("cache-dir") ? f.text("cache-dir") : default_cache_dir(); }

}  // namespace

std::string default_cache_dir() {
  if (const char* dir = std::getenv("KUBECACHEDIR"); dir && *dir) return dir;
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.kube/cache";
  return "";
}

struct Session::Lazy {
  std::optional<kubeconfig::ClientConfig> client_config;
  std::optional<kubeconfig::RestConfig> rest_config;
  std::optional<RestClient> rest;
  std::optional<Discovery> discovery;
  std::optional<Objects> objects;
};

Session::Session(const Command& c, std::string p, Flags f, Streams streams)
    : command(c), path(std::move(p)), flags(std::move(f)), in(streams.in), out(streams.out), err(streams.err), lazy_(new Lazy) {
  auto environment = kubeconfig::Environment::of_process();
  environment.prompt = kubeconfig::prompt_on_terminal;
  lazy_->client_config.emplace(overrides_of(flags, command.flags ? command.flags() : std::vector<Flag>{}), environment);
}
Session::~Session() = default;

bool Session::out_is_terminal() const { return &out == &std::cout && ::isatty(1); }

Result<std::string> Session::ns() { return TRY(lazy_->client_config->ns()).name; }

Result<const kubeconfig::RestConfig*> Session::rest_config() {
  if (!lazy_->rest_config) lazy_->rest_config = TRY(lazy_->client_config->rest_config());
  return &*lazy_->rest_config;
}

Result<RestClient*> Session::rest() {
  if (!lazy_->rest) {
    auto* config = TRY(rest_config());
    auto on_warning = [this](std::string_view text) {
      warn(text);
      ++warnings_received_;
    };
    lazy_->rest.emplace(*config, on_warning, static_cast<int>(flags.number("v")),
                        [this](std::string_view text) { err << log_line('I', "rest.cc", text) << '\n'; });
  }
  return &*lazy_->rest;
}

Result<Discovery*> Session::discovery() {
  if (!lazy_->discovery) {
    auto* client = TRY(rest());
    lazy_->discovery.emplace(*client, cache_dir_of(flags));
  }
  return &*lazy_->discovery;
}

Result<Objects*> Session::objects() {
  if (!lazy_->objects) {
    auto* client = TRY(rest());
    lazy_->objects.emplace(*client);
  }
  return &*lazy_->objects;
}

void Session::fail(const Error& error) {
  failed_ = true;
  out << std::flush;
  err << error_text(error, path) << std::flush;
}

void Session::fail(const std::vector<Error>& errors) {
  if (errors.size() == 1) return fail(errors[0]);
  if (errors.empty()) return;
  failed_ = true;
  out << std::flush;
  for (auto& e : errors) {
    auto name = reason_name(e.reason);
    if (e.code != 0) err << "Error from server" << (name.empty() ? "" : " (" + std::string(name) + ")") << ": ";
    err << e.message << '\n';
  }
  err << std::flush;
}

void Session::warn(std::string_view text) {
  out << std::flush;
  err << "Warning: " << text << '\n' << std::flush;
}

Error usage_error(std::string message) {
  Error e(Reason::kUnknown, std::move(message));
  e.details = kUsage;
  return e;
}
bool is_usage_error(const Error& error) { return error.details == kUsage; }
Error plain_error(std::string message) { return Error(Reason::kUnknown, std::move(message)); }

std::string error_text(const Error& e, std::string_view command_path) {
  if (is_usage_error(e)) return "error: " + e.message + "\nSee '" + std::string(command_path) + " -h' for help and examples\n";
  if (e.code == 0) {
    if (kubeconfig::shown_verbatim(e) || starts_with(e.message, "error: ")) return e.message + "\n";
    return "error: " + e.message + "\n";
  }
  if (e.is(Reason::kInvalid)) {
    std::string head = "The request is invalid";
    if (!e.details) return head + (e.message.empty() ? "" : ": " + e.message) + "\n";
    if (!e.details->kind.empty() || !e.details->name.empty()) head = "The " + e.details->kind + " \"" + e.details->name + "\" is invalid";
    else if (!e.message.empty() && e.details->causes.empty()) head += ": " + e.message;
    std::vector<std::string> causes;
    std::set<std::string> seen;
    for (auto& c : e.details->causes) {
      std::string text = c.field + ": " + c.message;
      if (seen.insert(text).second) causes.push_back(text);
    }
    if (causes.empty()) return head + "\n";
    if (causes.size() == 1) return head + ": " + causes[0] + "\n";
    head += ": \n";
    for (auto& c : causes) head += "* " + c + "\n";
    return head;
  }
  if (e.is(Reason::kUnauthorized)) return "error: You must be logged in to the server (" + e.message + ")\n";
  auto name = reason_name(e.reason);
  return "Error from server" + (name.empty() ? "" : " (" + std::string(name) + ")") + ": " + e.message + "\n";
}

Error with_source(Error error, std::string_view doing, std::string_view source) {
  if (source.empty()) return error;
  error.message = "error when " + std::string(doing) + " \"" + std::string(source) + "\": " + error.message;
  return error;
}

}  // namespace skerry::kubectl
