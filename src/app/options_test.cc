#include "app/options.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/command_table.h"

using namespace skerry;
using app::Options;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/skerry-options-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path + "/" + name).parent_path());
    std::ofstream(path + "/" + name) << text;
    return path + "/" + name;
  }
};

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

using Environment = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("options: later sources win; drop-ins may add to lists") {
  Folder f;
  std::string config = f.write("config.yaml", "data-dir: /from/file\nhttps-listen-port: 1000\ntls-san: [a, b]\nmax-pods: 5\nnode-label: x=y\n");
  f.write("config.yaml.d/20-more.yaml", "https-listen-port: 2000\ntls-san+: c\n");
  f.write("config.yaml.d/10-less.yml", "https-listen-port: 1500\nnode-label: [z=1]\n");
  f.write("config.yaml.d/30-ignored.txt", "nonsense");
  Options o(app::server_options());
  REQUIRE(o.load({"--config", config, "-d", "/from/flag", "--debug", "--node-taint=a:NoSchedule,b:NoExecute", "--node-taint", "c:NoSchedule", "word"},
                 Environment{{"SKERRY_MAX_PODS", "7"}, {"SKERRY_DATA_DIR", "/from/env"}, {"SKERRY_BIND_ADDRESS", ""}}));
  CHECK(o.text("data-dir") == "/from/flag");
  CHECK(o.number("https-listen-port") == 2000);
  CHECK(o.number("max-pods") == 7);
  CHECK(o.list("tls-san") == std::vector<std::string>{"a", "b", "c"});
  CHECK(o.list("node-label") == std::vector<std::string>{"z=1"});
  CHECK(o.list("node-taint") == std::vector<std::string>{"a:NoSchedule", "b:NoExecute", "c:NoSchedule"});
  CHECK(o.flag("debug"));
  CHECK(o.text("bind-address") == "0.0.0.0");
  CHECK(!o.given("bind-address"));
  CHECK(o.rest() == std::vector<std::string>{"word"});
}

TEST_CASE("options: commands beside server and agent read the configuration of either") {
  Folder f;
  for (const char* text : {"write-kubeconfig: /x\ndata-dir: /d\n", "server: https://x:6443\ndata-dir: /d\n"}) {
    Options o(app::all_options());
    REQUIRE(o.load({"--config", f.write("config.yaml", text)}, {}));
    CHECK(o.text("data-dir") == "/d");
  }
}

TEST_CASE("options: what is wrong is named with its place") {
  Folder f;
  struct { const char *text, *complaint; } rows[] = {
      {"data-dri: /x\n", "config.yaml:1: unknown setting \"data-dri\" (did you mean \"data-dir\"?)"},
      {"data-dir: /x\nzebra: 1\n", "config.yaml:2: unknown setting \"zebra\""},
      {"kubeconfig: /x\n", "(did you mean \"write-kubeconfig\"?)"},
      {"debug: true\n\nkubelet-port: 70000\n", "config.yaml:3: kubelet-port is a port, 0 to 65535, not \"70000\""},
      {"max-pods: -1\n", "max-pods is a number from 0 on, not \"-1\""},
      {"service-proxy: iptables\n", "config.yaml:1: service-proxy is auto, ebpf or nftables, not \"iptables\""},
      {"debug: true\ndebug: false\n", "config.yaml:2: debug stands in line 1 already"},
      {"tls-san:\n- a\n- [b]\n", "config.yaml:3: tls-san is a list of plain values"},
      {"token:\n", "config.yaml:1: token has no value"},
      {"config: /x\n", "cannot stand in it"},
      {"debug: true\nhttps-listen-port: soon\n", "config.yaml:2: https-listen-port is a number, not \"soon\""},
      {"debug: maybe\n", "debug is true or false, not \"maybe\""},
      {"data-dir: [a, b]\n", "data-dir takes one value, not a list"},
      {"data-dir+: a\n", "data-dir is no list; '+' does not apply"},
      {"tls-san: {a: b}\n", "tls-san is a list of plain values, not a mapping"},
      {"- a\n", "config.yaml:1: a configuration file is a mapping of settings"},
      {"a: [\n", "config.yaml:"},
  };
  for (auto& r : rows) {
    std::string config = f.write("config.yaml", r.text);
    Options o(app::server_options());
    auto loaded = o.load({"--config", config}, {});
    REQUIRE(!loaded);
    CAPTURE(loaded.error().message);
    CHECK(loaded.error().message.find(r.complaint) != std::string::npos);
  }
  auto complaint = [](std::vector<std::string> args, Environment env = {}) {
    Options o(app::agent_options());
    auto loaded = o.load(args, env);
    return loaded ? std::string() : loaded.error().message;
  };
  CHECK(complaint({"--data-dri=x"}) == "unknown flag --data-dri (did you mean \"data-dir\"?)");
  CHECK(complaint({"--write-kubeconfig", "x"}).find("unknown flag") == 0);  // the server's
  CHECK(complaint({"--data-dir"}) == "--data-dir needs a value");
  CHECK(complaint({"--config", "/no/such/file"}) == "cannot read configuration file /no/such/file");
  CHECK(complaint({}, {{"SKERRY_CONFIG_FILE", "/no/such/file"}}) == "cannot read configuration file /no/such/file");
  CHECK(complaint({"--max-pods=many"}) == "--max-pods: max-pods is a number, not \"many\"");
}

// Setting -> its line in the annotated example, commented out or not.
std::map<std::string, std::string> settings_in(const std::string& text) {
  std::map<std::string, std::string> out;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("#")) line = line.substr(1);
    size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0 || line.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != colon || line[0] == '-') continue;
    CHECK_MESSAGE(out.emplace(line.substr(0, colon), line).second, line);
  }
  return out;
}

TEST_CASE("options: the annotated example is a valid configuration and names every setting with its default, and nothing else") {
  const std::string example = "config/skerry.yaml";
  REQUIRE(std::filesystem::exists(example));
  Options o(app::server_options());
  auto loaded = o.load({"--config", example}, {});
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().message));
  CHECK(o.number("max-pods") == 50);
  CHECK(o.list("tls-san").size() == 2);

  const std::string text = read(example);
  auto named = settings_in(text);
  for (auto& option : app::all_options())
    if (option.name != "config") CHECK_MESSAGE(named.erase(std::string(option.name)) == 1, std::string(option.name));
  for (auto& [name, line] : named) FAIL_CHECK("no such setting: " << line);

  // With the comments taken off, it still is, and says what the defaults are.
  Folder f;
  std::string open, line;
  std::istringstream lines(text);
  while (std::getline(lines, line)) open += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  Options all(app::all_options()), none(app::all_options());
  auto reloaded = all.load({"--config", f.write("config.yaml", open)}, {});
  REQUIRE_MESSAGE(reloaded, (reloaded ? "" : reloaded.error().message));
  REQUIRE(none.load({"--config", f.write("empty.yaml", "")}, {}));
  for (auto& option : app::all_options()) {
    if (option.type == app::OptionType::kList || option.name == "max-pods" || option.name == "config" || option.name == "server") continue;
    CAPTURE(std::string(option.name));
    CHECK(all.text(option.name) == none.text(option.name));
  }
}

TEST_CASE("options: docs/config.md has a row for every setting with its type, default and meaning, and no other") {
  const std::string page = read("docs/config.md");
  size_t rows = 0;
  for (auto& o : app::all_options()) {
    std::string type = o.type == app::OptionType::kBool ? "switch" : o.type == app::OptionType::kInt ? "number" : o.type == app::OptionType::kList ? "list" : "text";
    auto words = app::choices_of(o);
    if (!words.empty()) type.clear();
    for (auto& w : words) type += (type.empty() ? "`" : ", `") + std::string(w) + "`";
    std::string row = "\n| `" + std::string(o.name) + "` | " + type + " | " + (o.fallback.empty() ? "" : "`" + std::string(o.fallback) + "`") + " | " + std::string(o.help);
    std::string more;
    if (o.letter != 0) more = std::string("`-") + o.letter + "`";
    if (!o.variable.empty()) more += (more.empty() ? "`" : ", `") + std::string(o.variable) + "`";
    row += (more.empty() ? "" : " (" + more + ")") + " |\n";
    CHECK_MESSAGE(page.find(row) != std::string::npos, row);
    ++rows;
  }
  size_t begin = page.find("\n## Settings\n"), end = page.find("\n## ", begin + 1), found = 0;
  REQUIRE(end != std::string::npos);
  for (size_t at = page.find("\n| `", begin); at < end; at = page.find("\n| `", at + 1)) ++found;
  CHECK(found == rows);
}

TEST_CASE("options: docs/config.md has a row for every command") {
  const std::string page = read("docs/config.md");
  for (auto& c : app::commands()) {
    if (c.group.empty()) continue;
    std::string row = "\n| `skerry " + std::string(c.name);
    CHECK_MESSAGE((page.find(row + "`") != std::string::npos || page.find(row + " ") != std::string::npos), row);
  }
}

TEST_CASE("options: files are forgiven where a command asks for it, and what is right in them is used") {
  Folder f;
  std::string config = f.write("config.yaml", "data-dri: /x\nrun-dir: /r\nmax-pods: many\n");
  f.write("config.yaml.d/1.yaml", "a: [\n");
  Options o(app::all_options());
  o.forgive_files();
  REQUIRE(o.load({"--config", config}, {}));
  CHECK(o.text("run-dir") == "/r");
  CHECK(o.number("max-pods") == 110);
  REQUIRE(o.file_errors().size() == 3);
  CHECK(o.file_errors()[0] == config + ":1: unknown setting \"data-dri\" (did you mean \"data-dir\"?)");
  CHECK(o.source("run-dir") == config + ":2");
  CHECK(!Options(app::all_options()).load({"--config", config}, {}));
}
