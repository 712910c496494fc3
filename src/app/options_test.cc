#include "app/options.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

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
      {"data-dri: /x\n", "config.yaml:1: unknown setting \"data-dri\""},
      {"debug: true\nhttps-listen-port: soon\n", "config.yaml:2: https-listen-port is a number, not \"soon\""},
      {"debug: maybe\n", "debug is true or false, not \"maybe\""},
      {"data-dir: [a, b]\n", "data-dir takes one value, not a list"},
      {"data-dir+: a\n", "data-dir is no list; '+' does not apply"},
      {"tls-san: {a: b}\n", "tls-san has a value of the wrong type"},
      {"- a\n", "a configuration file is a mapping of settings"},
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
  CHECK(complaint({"--nope"}).find("unknown flag --nope") == 0);
  CHECK(complaint({"--write-kubeconfig", "x"}).find("unknown flag") == 0);  // the server's
  CHECK(complaint({"--data-dir"}) == "--data-dir needs a value");
  CHECK(complaint({"--config", "/no/such/file"}) == "cannot read configuration file /no/such/file");
  CHECK(complaint({}, {{"SKERRY_CONFIG_FILE", "/no/such/file"}}) == "cannot read configuration file /no/such/file");
  CHECK(complaint({"--max-pods=many"}) == "--max-pods: max-pods is a number, not \"many\"");
}

TEST_CASE("options: the annotated example is a valid configuration and names every setting of a server with its default") {
  const std::string example = "config/skerry.yaml";
  REQUIRE(std::filesystem::exists(example));
  Options o(app::server_options());
  auto loaded = o.load({"--config", example}, {});
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().message));
  CHECK(o.number("max-pods") == 50);
  CHECK(o.list("tls-san").size() == 2);

  const std::string text = read(example);
  const std::string page = read("docs/configuration.md");
  for (auto& table : {app::server_options(), app::agent_options()})
    for (auto& option : table) {
      const std::string name(option.name);
      CAPTURE(name);
      CHECK(page.find("`" + name + "`") != std::string::npos);
      if (name == "config" || name == "server") continue;
      CHECK((text.find("\n#" + name + ": ") != std::string::npos || text.find("\n#" + name + ":\n") != std::string::npos ||
             text.find("\n" + name + ":") != std::string::npos));
    }

  // With the comments taken off, it still is, and says what the defaults are.
  Folder f;
  std::string open, line;
  std::istringstream lines(text);
  while (std::getline(lines, line)) open += (line.size() > 1 && line[0] == '#' && line[1] != ' ' ? line.substr(1) : line) + "\n";
  Options all(app::server_options()), none(app::server_options());
  auto reloaded = all.load({"--config", f.write("config.yaml", open)}, {});
  REQUIRE_MESSAGE(reloaded, (reloaded ? "" : reloaded.error().message));
  REQUIRE(none.load({"--config", f.write("empty.yaml", "")}, {}));
  for (auto& option : app::server_options()) {
    if (option.type == app::OptionType::kList || option.name == "max-pods" || option.name == "config") continue;
    CAPTURE(std::string(option.name));
    CHECK(all.text(option.name) == none.text(option.name));
  }
}
