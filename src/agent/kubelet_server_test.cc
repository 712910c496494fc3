// The node's endpoint, driven by real kubectl through a small stand-in for the API server (pod get, discovery, and
// the proxying that the API server does) and a runtime whose containers are processes of this machine.
#include "agent/kubelet_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "http/channels.h"
#include "http/client.h"
#include "http/proxy.h"
#include "agent/test_runtime.h"
#include "base/strings.h"
#include "http/test_certificates.h"

using namespace skerry;
using namespace skerry::agent;

namespace {

class ProcessSession final : public runtime::Session {
 public:
  ProcessSession(const std::vector<std::string>& command, bool in, bool tty, runtime::TerminalSize size = {}) {
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    if (tty) {
      const winsize window{size.height, size.width, 0, 0};
      pid_ = forkpty(&in_, nullptr, nullptr, &window);
      if (pid_ == 0) ::execvp(argv[0], argv.data()), ::_exit(127);
      out_ = in_;
      tty_ = true;
      return;
    }
    for (auto& p : pipes) REQUIRE(::pipe2(p, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(pipes[0][0], 0), ::dup2(pipes[1][1], 1), ::dup2(pipes[2][1], 2);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(pipes[0][0]), ::close(pipes[1][1]), ::close(pipes[2][1]);
    in_ = pipes[0][1], out_ = pipes[1][0], err_ = pipes[2][0];
    if (!in) close_stdin();
  }
  ~ProcessSession() override {
    for (int fd : {in_, tty_ ? -1 : out_, err_}) {
      if (fd >= 0) ::close(fd);
    }
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  int stdin_fd() override { return in_; }
  int stdout_fd() override { return out_; }
  int stderr_fd() override { return err_; }
  void close_stdin() override {
    if (tty_) return;
    ::close(in_);
    in_ = -1;
  }
  void resize(uint16_t width, uint16_t height) override {
    winsize size{height, width, 0, 0};
    ::ioctl(out_, TIOCSWINSZ, &size);
  }
  Result<int> wait() override {
    int status = 0;
    if (::waitpid(pid_, &status, 0) != pid_) return internal_error("cancelled");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void cancel() override { ::kill(pid_, SIGKILL); }

 private:
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  bool tty_ = false;
};

// What the endpoint uses.
class TestRuntime final : public UnusedRuntime {
 public:
  Result<runtime::ContainerInfo> container(const std::string&) override {
    runtime::ContainerInfo info;
    info.state = runtime::ContainerState::kExited;
    return info;
  }
  Result<std::unique_ptr<runtime::Session>> exec(const std::string&, const std::vector<std::string>& command, bool in, bool, bool, bool tty, runtime::TerminalSize size) override {
    return std::unique_ptr<runtime::Session>(std::make_unique<ProcessSession>(command, in, tty, size));
  }
  Result<std::unique_ptr<runtime::Session>> attach(const std::string&, bool in, bool, bool) override {
    return std::unique_ptr<runtime::Session>(std::make_unique<ProcessSession>(std::vector<std::string>{"cat"}, in, false));
  }
  Result<int> dial(const std::string&, uint16_t port) override {
    int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    Error error = errno_error("dial", errno);
    ::close(fd);
    return error;
  }
};

class TestApi final : public KubeletApi {
 public:
  std::string log_directory;
  Result<ContainerRef> find_container(const std::string&, const std::string& pod, const std::string&, const std::string&) override {
    if (pod == "ended") return ContainerRef{};
    if (pod != "web") return Error(Reason::kNotFound, "pod \"" + pod + "\" not found");
    ContainerRef ref;
    ref.container_id = "c1", ref.running = true, ref.stdin_open = true, ref.log_directory = log_directory;
    return ref;
  }
  Result<std::string> find_sandbox(const std::string&, const std::string&, const std::string&) override { return std::string("s1"); }
  Json pods() override { return {{"kind", "PodList"}}; }
  Json stats_summary() override { return Json::object(); }
  std::string resource_metrics() override { return ""; }
};

struct Fixture {
  http::TestCertificate ca = http::make_test_ca("ca");
  http::TestCertificate node = http::make_test_certificate(ca, "node");
  http::TestCertificate admin = http::make_test_certificate(ca, "admin", {"system:masters"});
  std::string directory;
  TestApi api;
  TestRuntime runtime;
  std::unique_ptr<KubeletServer> kubelet;
  std::unique_ptr<http::Server> front;

  Fixture() {
    char name[] = "/tmp/skerry-kubelet-XXXXXX";
    directory = ::mkdtemp(name);
    api.log_directory = directory;
    std::ofstream(directory + "/0.log") << "2026-01-02T03:04:05.000000000Z stdout F hello log\n";
    KubeletServerOptions options;
    options.address = "127.0.0.1";
    options.port = 0;
    options.tls = {node.cert_pem, node.key_pem, ca.cert_pem};
    kubelet = std::make_unique<KubeletServer>(options, api, runtime);
    REQUIRE(kubelet->start());
    front = std::make_unique<http::Server>(http::ServerOptions{}, [this](const http::Request& q, http::ResponseWriter& w) { answer(q, w); });
    REQUIRE(front->start());
  }
  ~Fixture() {
    front->stop();
    kubelet->stop();
    std::filesystem::remove_all(directory);
  }

  http::ClientTls client_tls(const http::TestCertificate* certificate) const {
    http::ClientTls tls;
    tls.ca_pem = ca.cert_pem;
    if (certificate) tls.cert_pem = certificate->cert_pem, tls.key_pem = certificate->key_pem;
    return tls;
  }

  void answer(const http::Request& request, http::ResponseWriter& writer) {
    const std::string base = "/api/v1/namespaces/default/pods/web";
    auto json = [&](Json value) { writer.send(200, "application/json", json::dump(value)); };
    auto to_node = [&](const std::string& path) {
      http::Upstream node{.host = "127.0.0.1", .port = kubelet->port(), .tls = client_tls(&admin)};
      http::proxy(request, writer, node, {.target = path + "?" + request.raw_query});
    };
    if (request.path == base + "/exec") return to_node("/exec/default/web/app");
    if (request.path == base + "/attach") return to_node("/attach/default/web/app");
    if (request.path == base + "/portforward") return to_node("/portForward/default/web");
    if (request.path == base + "/log") return to_node("/containerLogs/default/web/app");
    if (request.path == "/api") return json({{"kind", "APIVersions"}, {"versions", {"v1"}}});
    if (request.path == "/apis") return json({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array()}});
    if (request.path == "/api/v1") {
      return json({{"kind", "APIResourceList"}, {"groupVersion", "v1"},
                   {"resources", {{{"name", "pods"}, {"singularName", "pod"}, {"namespaced", true}, {"kind", "Pod"}, {"verbs", {"get"}}},
                                  {{"name", "pods/exec"}, {"namespaced", true}, {"kind", "PodExecOptions"}, {"verbs", {"create", "get"}}}}}});
    }
    if (request.path == base) {
      return json({{"kind", "Pod"}, {"apiVersion", "v1"}, {"metadata", {{"name", "web"}, {"namespace", "default"}}},
                   {"spec", {{"containers", {{{"name", "app"}, {"image", "x"}, {"stdin", true}}}}}},
                   {"status", {{"phase", "Running"}}}});
    }
    writer.send(404, "application/json", json::dump(Json{{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"}, {"reason", "NotFound"}, {"code", 404}, {"message", request.path}}));
  }

  std::string shell(const std::string& command) {
    std::string out;
    FILE* pipe = ::popen(("(" + command + ") 2>&1 </dev/null").c_str(), "r");
    char buffer[4096];
    for (size_t n; (n = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    int status = ::pclose(pipe);
    return out + "[" + std::to_string(WEXITSTATUS(status)) + "]";
  }
  std::string kubectl(const std::string& program) {
    return "timeout --foreground 20 " + program + " --kubeconfig=/dev/null --cache-dir=" + directory + "/cache -s http://127.0.0.1:" + std::to_string(front->port());
  }
};

std::vector<std::string> kubectls() {
  std::vector<std::string> found;
  for (const char* path : {"build/test-tools/bin/kubectl-1.20", "build/test-tools/bin/kubectl-1.32", "/usr/bin/kubectl"}) {
    if (::access(path, X_OK) == 0) found.push_back(path);
  }
  if (found.empty()) MESSAGE("skipped: no kubectl found");
  return found;
}

}  // namespace

TEST_CASE("kubelet server: only the API server and administrators get in") {
  Fixture f;
  auto other = http::make_test_certificate(f.ca, "system:node:x", {"system:nodes"});
  auto foreign_ca = http::make_test_ca("other");
  auto foreign = http::make_test_certificate(foreign_ca, "x", {"system:masters"});
  auto apiserver = http::make_test_certificate(f.ca, "kube-apiserver-kubelet-client");
  auto status = [&](const http::TestCertificate* certificate, const std::string& path) {
    http::ClientRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(f.kubelet->port()) + path;
    http::Client client({.tls = f.client_tls(certificate)});
    auto response = client.send(request);
    return response ? response->status : -1;
  };
  CHECK(status(nullptr, "/pods") == 401);
  CHECK(status(&foreign, "/pods") == 401);
  CHECK(status(&other, "/pods") == 403);
  CHECK(status(&other, "/healthz") == 200);
  CHECK(status(&f.admin, "/pods") == 200);
  CHECK(status(&apiserver, "/pods") == 200);
  CHECK(status(&f.admin, "/nothing") == 404);
  CHECK(status(&f.admin, "/exec/default/web/app?command=x&output=1") == 400);
  CHECK(status(&f.admin, "/containerLogs/default/none/app") == 404);
  CHECK(status(&f.admin, "/containerLogs/default/web/app?tailLines=x") == 400);
}

TEST_CASE("kubelet server: what is refused is said in plain text, or on the error channel of the newest protocol") {
  Fixture f;
  http::Client client({.tls = f.client_tls(&f.admin)});
  http::ClientRequest request;
  request.method = "POST";
  request.url = "https://127.0.0.1:" + std::to_string(f.kubelet->port()) + "/exec/default/ended/app?command=x&output=1";
  auto response = client.send(request);
  REQUIRE(response);
  CHECK(response->status == 500);
  CHECK(response->headers.get("Content-Type") == "text/plain; charset=utf-8");
  CHECK(response->body == "container not found (\"app\")");
}

TEST_CASE("kubelet server: kubectl exec, attach, logs and port-forward") {
  for (const std::string& program : kubectls()) {
    CAPTURE(program);
    Fixture f;
    std::string k = f.kubectl(program);
    CHECK(f.shell(k + " exec web -- sh -c 'echo out; echo err >&2; exit 3' 2>&1 | sort") == "command terminated with exit code 3\nerr\nout\n[0]");
    CHECK(f.shell(k + " exec web -- sh -c 'exit 3' 2>/dev/null") == "[3]");
    CHECK(f.shell(k + " exec web -- true") == "[0]");
    CHECK(f.shell("echo over | " + k + " exec -i web -- cat") == "over\n[0]");
    CHECK(f.shell("head -c 3000000 /dev/zero | " + k + " exec -i web -- wc -c") == "3000000\n[0]");
    CHECK(f.shell(k + " exec web -- head -c 5000000 /dev/zero | wc -c") == "5000000\n[0]");
    CHECK(f.shell("script -qec \"stty cols 77 rows 33; " + k + " exec -it web -- sh -c 'sleep 0.5; stty size; tty >/dev/null && echo terminal'\" /dev/null").find("33 77\r\nterminal") != std::string::npos);
    CHECK(f.shell(k + " logs web") == "hello log\n[0]");
    CHECK(f.shell(k + " logs -f --timestamps web") == "2026-01-02T03:04:05.000000000Z hello log\n[0]");
    CHECK(f.shell("echo attached | " + k + " attach -i web").find("attached\n") != std::string::npos);

    http::Server web({}, [](const http::Request& q, http::ResponseWriter& w) { w.send(200, "text/plain", "from the pod " + q.body); });
    REQUIRE(web.start());
    std::string forward = k + " port-forward pod/web :" + std::to_string(web.port());
    std::string script =
        "exec 3< <(exec " + forward + " --address 127.0.0.1 2>&1); pid=$!; read -u 3 line; port=${line#*127.0.0.1:}; port=${port%% *}; "
        "for i in 1 2 3; do head -c 100000 /dev/zero | tr '\\\\0' x | curl -s --data-binary @- http://127.0.0.1:$port/ | wc -c; done; kill $pid";
    CHECK(f.shell("bash -c '" + script + "'") == "100013\n100013\n100013\n[0]");
  }
}

TEST_CASE("kubelet server: our own client of exec, over WebSocket and SPDY") {
  Fixture f;
  auto loop = std::make_shared<http::EventLoop>();
  REQUIRE(loop->start());
  struct Outcome {
    std::string out, err, error, why;
  };
  auto run = [&](http::ChannelRequest::Transport transport, const std::vector<std::string>& command, std::string_view input, bool tty) {
    http::ChannelRequest request;
    request.client.tls = f.client_tls(&f.admin);
    request.transport = transport;
    request.channels = {.in = !input.empty(), .out = true, .err = !tty, .resize = tty};
    request.url = "https://127.0.0.1:" + std::to_string(f.kubelet->port()) + "/exec/default/web/app?output=1";
    if (!input.empty()) request.url += "&input=1";
    request.url += tty ? "&tty=1" : "&error=1";
    for (const auto& word : command) request.url += "&command=" + url_encode(word);
    auto answer = http::open_channels(loop, request);
    REQUIRE(answer);
    REQUIRE(answer->session);
    auto session = answer->session;
    if (tty) session->write(http::Channel::kResize, R"({"Width":77,"Height":33})");
    std::thread writer([&] {
      for (std::string_view rest = input; !rest.empty();) {
        size_t n = std::min<size_t>(rest.size(), 50000);
        if (!session->write(http::Channel::kStdin, rest.substr(0, n))) return;
        rest.remove_prefix(n);
      }
      if (!input.empty()) session->end(http::Channel::kStdin);
    });
    Outcome outcome;
    while (true) {
      auto event = session->next(std::chrono::seconds(30));
      if (event.kind == http::ChannelEvent::Kind::kTimeout) outcome.why = "timeout";
      if (event.kind == http::ChannelEvent::Kind::kClosed) outcome.why = event.bytes;
      if (event.kind == http::ChannelEvent::Kind::kTimeout || event.kind == http::ChannelEvent::Kind::kClosed) break;
      if (event.channel == http::Channel::kStdout) outcome.out += event.bytes;
      if (event.channel == http::Channel::kStderr) outcome.err += event.bytes;
      if (event.channel == http::Channel::kError) outcome.error += event.bytes;
    }
    writer.join();
    return outcome;
  };
  for (auto transport : {http::ChannelRequest::Transport::kWebSocket, http::ChannelRequest::Transport::kSpdy, http::ChannelRequest::Transport::kAuto}) {
    CAPTURE(static_cast<int>(transport));
    Outcome plain = run(transport, {"sh", "-c", "echo out; echo err >&2; exit 3"}, "", false);
    CHECK(plain.out == "out\n");
    CHECK(plain.err == "err\n");
    CHECK(plain.why == "");
    auto status = json::parse_json(plain.error);
    REQUIRE(status);
    CHECK(json::str(*status, "reason") == "NonZeroExitCode");
    std::string large(3000000, 'x');
    Outcome cat = run(transport, {"cat"}, large, false);
    CHECK(cat.out == large);
    CHECK(json::parse_json(cat.error).value_or(Json())["status"] == "Success");
    CHECK(run(transport, {"sh", "-c", "until [ \"$(stty size)\" != '0 0' ]; do sleep 0.01; done; stty size"}, "", true).out.find("33 77") != std::string::npos);
  }
  http::ChannelRequest nowhere;
  nowhere.client.tls = f.client_tls(&f.admin);
  nowhere.url = "https://127.0.0.1:" + std::to_string(f.kubelet->port()) + "/exec/default/none/app?output=1&command=x";
  nowhere.transport = http::ChannelRequest::Transport::kSpdy;
  auto refused = http::open_channels(loop, nowhere);
  REQUIRE(refused);
  CHECK(!refused->session);
  CHECK(refused->status == 404);
  CHECK(refused->body.find("not found") != std::string::npos);
  nowhere.transport = http::ChannelRequest::Transport::kWebSocket;
  nowhere.url = "https://127.0.0.1:" + std::to_string(f.kubelet->port()) + "/exec/default/ended/app?output=1&command=x";
  auto told = http::open_channels(loop, nowhere);
  REQUIRE(told);
  REQUIRE(told->session);
  std::string error;
  for (bool open = true; open;) {
    auto event = told->session->next(std::chrono::seconds(30));
    open = event.kind == http::ChannelEvent::Kind::kData || event.kind == http::ChannelEvent::Kind::kEnd;
    if (event.kind == http::ChannelEvent::Kind::kData && event.channel == http::Channel::kError) error += event.bytes;
  }
  CHECK(json::parse_json(error).value_or(Json())["message"] == "Internal error occurred: unable to upgrade connection: container not found (\"app\")");
  loop->stop();
}
