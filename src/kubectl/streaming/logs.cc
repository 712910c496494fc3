// `kubectl logs`: what containers have written, once or as it comes.

#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/strings.h"
#include "kubectl/select.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/log_sources.h"

namespace skerry::kubectl {
namespace {

constexpr std::string_view kUsage =
    "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";
constexpr size_t kMaxLine = 1 << 20;  // held back to keep lines of several containers whole

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all-containers", 0, kBool, "false", "Get all containers' logs in the pod(s)."},
             {"all-pods", 0, kBool, "false", "Get logs from all pod(s). Sets prefix to true."},
             {"container", 'c', kString, "", "Print the logs of this container"},
             {"follow", 'f', kBool, "false", "Specify if the logs should be streamed."},
             {"ignore-errors", 0, kBool, "false", "If watching / following pod logs, allow for any errors that occur to be non-fatal"},
             {"insecure-skip-tls-verify-backend", 0, kBool, "false",
              "Skip verifying the identity of the kubelet that logs are requested from. In theory, an attacker could provide invalid log "
              "content back. You might want to use this if your kubelet serving certificates have expired."},
             {"limit-bytes", 0, kInt, "0", "Maximum bytes of logs to return. Defaults to no limit."},
             {"max-log-requests", 0, kInt, "5", "Specify maximum number of concurrent logs to follow when using by a selector. Defaults to 5."},
             {"prefix", 0, kBool, "false", "Prefix each log line with the log source (pod name and container name)"},
             {"previous", 'p', kBool, "false", "If true, print the logs for the previous instance of the container in a pod if it exists."},
             {"since", 0, kDuration, "0s", "Only return logs newer than a relative duration like 5s, 2m, or 3h. Defaults to all logs. Only one of since-time / since may be used."},
             {"since-time", 0, kString, "", "Only return logs after a specific date (RFC3339). Defaults to all logs. Only one of since-time / since may be used."},
             {"tail", 0, kInt, "-1", "Lines of recent log file to display. Defaults to -1 with no selector, showing all log lines otherwise 10, if a selector is provided."},
             {"timestamps", 0, kBool, "false", "Include timestamps on each line in the log output"},
         } +
         std::vector<Flag>{selector_flag(), pod_timeout_flag("20s")};
}

Result<Query> query_of(Session& session) {
  const Flags& f = session.flags;
  Query query;
  if (f.boolean("follow")) query.emplace_back("follow", "true");
  if (f.boolean("insecure-skip-tls-verify-backend")) query.emplace_back("insecureSkipTLSVerifyBackend", "true");
  if (f.number("limit-bytes") < 0) return plain_error("--limit-bytes must be greater than 0");
  if (f.number("limit-bytes") > 0) query.emplace_back("limitBytes", std::to_string(f.number("limit-bytes")));
  if (f.boolean("previous")) query.emplace_back("previous", "true");
  auto since = f.duration("since");
  if (!f.text("since-time").empty()) {
    if (since.count() != 0) return plain_error("at most one of `sinceTime` or `sinceSeconds` may be specified");
    if (!parse_rfc3339(f.text("since-time"))) {
      return plain_error("parsing time \"" + f.text("since-time") + "\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"" + f.text("since-time") + "\" as \"2006\"");
    }
    query.emplace_back("sinceTime", f.text("since-time"));
  }
  if (since.count() < 0) return plain_error("--since must be greater than 0");
  if (since.count() > 0) query.emplace_back("sinceSeconds", std::to_string((since.count() + 999'999'999) / 1'000'000'000));
  int64_t tail = f.number("tail");
  if (!f.changed("tail") && !f.text("selector").empty()) tail = 10;
  if (tail < -1) return plain_error("--tail must be greater than or equal to -1");
  if (tail >= 0) query.emplace_back("tailLines", std::to_string(tail));
  if (f.boolean("timestamps")) query.emplace_back("timestamps", "true");
  return query;
}

// Writes the lines of one source, whole, and prefixed if wanted. One lock for all of them.
class LineWriter {
 public:
  LineWriter(std::ostream& out, std::mutex& mutex, std::string prefix, bool whole_lines)
      : out_(out), mutex_(mutex), prefix_(std::move(prefix)), whole_(whole_lines || !prefix_.empty()) {}

  bool write(std::string_view bytes) {
    if (!whole_) return put(bytes);
    std::string text;
    while (!bytes.empty()) {
      size_t end = bytes.find('\n');
      size_t take = end == bytes.npos ? bytes.size() : end + 1;
      held_ += bytes.substr(0, take);
      bytes.remove_prefix(take);
      if (end == bytes.npos && held_.size() < kMaxLine) break;
      text += (begun_ ? "" : prefix_) + held_;
      begun_ = held_.back() != '\n';
      held_.clear();
    }
    return text.empty() || put(text);
  }
  bool finish() {
    if (held_.empty()) return true;
    std::string text = (begun_ ? "" : prefix_) + held_;
    held_.clear();
    return put(text);
  }

 private:
  bool put(std::string_view bytes) {
    std::lock_guard l(mutex_);
    out_ << bytes << std::flush;
    return static_cast<bool>(out_);
  }
  std::ostream& out_;
  std::mutex& mutex_;
  const std::string prefix_;
  const bool whole_;
  std::string held_;
  bool begun_ = false;  // part of the line that is held has been written
};

class Reader {
 public:
  Reader(Session& session, RestClient& rest, Query query) : session_(session), rest_(rest), query_(std::move(query)) {}

  Status read(const LogSource& source, bool whole_lines) {
    LineWriter writer(session_.out, mutex_, session_.flags.boolean("prefix") || session_.flags.boolean("all-pods") ? source.prefix() : "", whole_lines);
    RestRequest request;
    request.path = source.path();
    request.query = query_;
    request.query.emplace_back("container", source.container);
    request.accept = "*/*";
    if (session_.flags.boolean("follow")) request.timeout = std::chrono::milliseconds(0);
    bool written = true;
    auto status = rest_.stream(request, [&](std::string_view chunk) {
      if (stopping()) return false;
      written = writer.write(chunk);
      return written;
    });
    written = writer.finish() && written;
    if (!status) return status.error();
    if (!written) return plain_error("write: broken pipe");
    return {};
  }

  Status one_by_one(const std::vector<LogSource>& sources) {
    for (const LogSource& source : sources) {
      auto status = read(source, false);
      if (status) continue;
      if (!session_.flags.boolean("ignore-errors")) return status.error();
      session_.out << "error: " << status.error().message << '\n' << std::flush;
    }
    return {};
  }

  // The first failure ends all, unless errors are to be ignored.
  Status together(const std::vector<LogSource>& sources) {
    std::vector<std::thread> threads;
    Status outcome;
    for (const LogSource& source : sources) {
      threads.emplace_back([&, source] {
        auto status = read(source, true);
        if (status || stopping()) return;
        std::lock_guard l(mutex_);
        if (session_.flags.boolean("ignore-errors")) {
          session_.out << "error: " << status.error().message << '\n' << std::flush;
        } else if (outcome) {
          outcome = status.error();
          stop_ = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return outcome;
  }

 private:
  bool stopping() {
    std::lock_guard l(mutex_);
    return stop_;
  }
  Session& session_;
  RestClient& rest_;
  const Query query_;
  std::mutex mutex_;  // guards the output and stop_
  bool stop_ = false;
};

Result<int> run(Session& session) {
  const Flags& f = session.flags;
  const auto& words = session.words();
  std::string selector = f.text("selector");
  LogChoice choice;
  choice.container = f.text("container");
  choice.all_containers = f.boolean("all-containers");
  choice.all_pods = f.boolean("all-pods");
  if ((words.empty() && selector.empty()) || words.size() > 2) return usage_error(std::string(kUsage));
  if (words.size() == 1 && !selector.empty()) return usage_error("only a selector (-l) or a POD name is allowed");
  if (words.size() == 2) {
    if (!choice.container.empty()) return plain_error("only one of -c or an inline [CONTAINER] arg is allowed");
    choice.container = words[1];
  }
  auto timeout = pod_timeout_of(session);
  if (!timeout) return plain_error(timeout.error().message);
  choice.pod_timeout = *timeout;
  Query query = TRY(query_of(session));
  if (choice.all_containers && !choice.container.empty()) {
    return plain_error("--all-containers=true should not be specified with container name " + choice.container);
  }

  std::vector<LogSource> sources;
  if (!words.empty()) {
    auto target = target_of(session, words[0], {}, "expected a resource");
    if (!target && target.error().code == 404 && target.error().is(Reason::kNotFound)) {
      std::string ns = TRY(session.ns());
      return plain_error("error from server (NotFound): " + target.error().message + " in namespace \"" + ns + "\"");
    }
    if (!target) return target.error();
    sources = TRY(log_sources(session, *target, choice));
  } else {
    std::string ns = TRY(session.ns());
    auto pods = TRY(list_pods(session, ns, selector));
    if (pods.empty()) session.err << "No resources found in " << ns << " namespace.\n" << std::flush;
    for (const Json& pod : pods) {
      auto more = TRY(log_sources(session, pod, choice));
      sources.insert(sources.end(), more.begin(), more.end());
    }
  }
  RestClient* rest = TRY(session.rest());
  Reader reader(session, *rest, query);
  if (f.boolean("follow") && sources.size() > 1) {
    auto most = f.number("max-log-requests");
    if (static_cast<int64_t>(sources.size()) > most) {
      return plain_error("you are attempting to follow " + std::to_string(sources.size()) + " log streams, but maximum allowed concurrency is " +
                         std::to_string(most) + ", use --max-log-requests to increase the limit");
    }
    TRY(reader.together(sources));
  } else {
    TRY(reader.one_by_one(sources));
  }
  return 0;
}

}  // namespace

const Command kLogs{
    .use = "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
    .brief = "Print the logs for a container in a pod",
    .text = "Print the logs for a container in a pod or specified resource. If the pod has only one container, the container name is optional.",
    .examples = R"(  # The log of pod nginx, which has one container
  kubectl logs nginx

  # Of all its containers; of all pods that a label selects; of all pods of a deployment
  kubectl logs nginx --all-containers=true
  kubectl logs -l app=nginx --all-containers=true
  kubectl logs deployment/nginx --all-pods=true

  # Of the container ruby, as it ended the last time
  kubectl logs -p -c ruby web-1

  # What comes, and the pod it comes from
  kubectl logs -f -l app=nginx --prefix

  # The last 20 lines; what the last hour brought
  kubectl logs --tail=20 nginx
  kubectl logs --since=1h nginx)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
