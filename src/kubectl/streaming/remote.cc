#include "kubectl/streaming/remote.h"

#include <cstdlib>

#include "base/strings.h"
#include "json/json.h"
#include "kubeconfig/credentials.h"
#include "kubeconfig/rest_config.h"
#include "kubectl/streaming/input_pump.h"
#include "kubectl/streaming/terminal.h"

namespace skerry::kubectl {
namespace {

constexpr size_t kMaxError = 1 << 20;  // of the error channel
constexpr std::chrono::minutes kWait{1};

Result<http::ChannelRequest> request_of(Session& session, const RemoteCommand& command) {
  RestClient* rest = TRY(session.rest());
  auto access = TRY(rest->access());
  http::ChannelRequest request;
  request.client = kubeconfig::client_options(rest->config());
  request.client.tls = access.tls;
  request.client.user_agent = rest->config().user_agent;
  request.headers = access.headers;
  Query query = command.query;
  request.channels = {.in = command.in_fd >= 0, .out = command.out, .err = command.err && !command.tty, .resize = command.tty};
  if (request.channels.in) query.emplace_back("stdin", "true");
  if (request.channels.out) query.emplace_back("stdout", "true");
  if (request.channels.err) query.emplace_back("stderr", "true");
  if (command.tty) query.emplace_back("tty", "true");
  request.url = rest->config().server + command.path + query_text(query);
  if (turned_off("KUBECTL_REMOTE_COMMAND_WEBSOCKETS")) request.transport = http::ChannelRequest::Transport::kSpdy;
  return request;
}

}  // namespace

Result<std::unique_ptr<StreamLoop>> StreamLoop::start() {
  std::unique_ptr<StreamLoop> loop(new StreamLoop);
  TRY(loop->loop_->start());
  return loop;
}

bool turned_off(const char* variable) {
  const char* value = std::getenv(variable);
  return value && (std::string_view(value) == "false" || std::string_view(value) == "0");
}

Error upgrade_error(int status, std::string_view body) {
  auto parsed = json::parse_json(body);
  std::string text;
  if (parsed && json::str(*parsed, "kind") == "Status") text = json::str(*parsed, "message");
  else text = trim(body.substr(0, 2048));
  return Error(Reason::kUnknown, "unable to upgrade connection: " + (text.empty() ? "the server answered with status " + std::to_string(status) : text));
}

Result<int> outcome_of(std::string_view protocol, std::string_view error_channel) {
  bool status_objects = starts_with(protocol, "v4.") || starts_with(protocol, "v5.");
  if (!status_objects) {
    if (error_channel.empty()) return 0;
    return Error(Reason::kUnknown, "error executing remote command: " + std::string(error_channel));
  }
  if (error_channel.empty()) return 0;
  auto status = json::parse_json(error_channel);
  if (!status) return Error(Reason::kUnknown, "error stream protocol error: " + status.error().message + " in \"" + std::string(error_channel.substr(0, 256)) + "\"");
  std::string verdict = json::str(*status, "status");
  if (verdict == "Success") return 0;
  if (verdict != "Failure") return Error(Reason::kUnknown, "error stream protocol error: unknown error");
  if (json::str(*status, "reason") != "NonZeroExitCode") return Error(Reason::kUnknown, json::str(*status, "message"));
  if (!json::find(*status, "details").is_object()) return Error(Reason::kUnknown, "error stream protocol error: details must be set");
  for (const Json& cause : json::array_or_empty(json::find(*status, {"details", "causes"}))) {
    if (json::str(cause, "reason") != "ExitCode") continue;
    auto code = parse_int(json::str(cause, "message"));
    if (!code || *code < 0 || *code > 255) return Error(Reason::kUnknown, "error stream protocol error: invalid exit code value \"" + json::str(cause, "message") + "\"");
    return static_cast<int>(*code);
  }
  return Error(Reason::kUnknown, "error stream protocol error: no ExitCode cause given");
}

Result<int> run_remote(Session& session, const RemoteCommand& command) {
  auto loop = TRY(StreamLoop::start());
  auto request = TRY(request_of(session, command));
  http::ChannelAnswer answer;
  {
    auto opened = http::open_channels(loop->get(), request);
    if (!opened) return Error(Reason::kUnknown, "error sending request: " + opened.error().message);
    answer = std::move(*opened);
  }
  if (!answer.session) return upgrade_error(answer.status, answer.body);

  std::unique_ptr<RawTerminal> raw;
  if (command.tty && command.terminal_fd >= 0 && is_terminal(command.terminal_fd)) raw = TRY(RawTerminal::open(command.terminal_fd));
  InputPump pump(answer.session, command.in_fd, command.tty ? command.terminal_fd : -1, raw ? raw->resize_fd() : -1, command.redraw);
  std::string error_channel, why;
  while (true) {
    http::ChannelEvent event = answer.session->next(kWait);
    if (event.kind == http::ChannelEvent::Kind::kClosed) {
      why = event.bytes;
      break;
    }
    if (event.kind != http::ChannelEvent::Kind::kData) continue;
    bool go_on = true;
    if (event.channel == http::Channel::kStdout && command.on_out) go_on = command.on_out(event.bytes);
    if (event.channel == http::Channel::kStderr && command.on_err) go_on = command.on_err(event.bytes);
    if (event.channel == http::Channel::kError) error_channel += event.bytes.substr(0, kMaxError - std::min(kMaxError, error_channel.size()));
    if (!go_on) {
      answer.session->abort();
      return Error(Reason::kUnknown, "write: broken pipe");
    }
  }
  if (error_channel.empty() && !why.empty()) return Error(Reason::kUnknown, why);
  return outcome_of(answer.session->protocol(), error_channel);
}

int finish_remote(Session& session, int exit_code) {
  session.out << std::flush;
  if (exit_code != 0) session.err << "command terminated with exit code " << exit_code << '\n' << std::flush;
  return exit_code;
}

std::function<bool(std::string_view)> writer_to(std::ostream& stream) {
  return [&stream](std::string_view bytes) {
    stream << bytes << std::flush;
    return static_cast<bool>(stream);
  };
}

}  // namespace skerry::kubectl
