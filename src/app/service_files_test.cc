#include "app/service_files.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "app/salvage.h"
#include "os/files.h"

using namespace skerry;
using namespace skerry::app;

namespace {

const std::string kMark = "# Written by Skerry's install.sh.\n";

struct Folder {
  std::string path = "/tmp/skerry-services-XXXXXX";
  Folder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~Folder() { (void)os::remove_tree(path); }
  void write(const std::string& name, const std::string& text) {
    REQUIRE(os::make_dirs(std::filesystem::path(path + "/" + name).parent_path()));
    REQUIRE(os::write_file_atomic(path + "/" + name, text, 0600, os::Durability::kProcess));
  }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("service files: a unit's command is split as systemd does") {
  Service s;
  REQUIRE(parse_unit(kMark + "[Service]\nEnvironmentFile=-/etc/skerry/x.env\n"
                             R"(ExecStart=/usr/local/bin/skerry agent --server=https://a:6443 "--node-label=a b" "--x=\"q\" \\ $$HOME 100%%" "")"
                             "\nKillMode=process\n",
                     s));
  CHECK(s.executable == "/usr/local/bin/skerry");
  CHECK(s.command == "agent");
  CHECK(s.environment_file == "/etc/skerry/x.env");
  CHECK(s.args == Words{"--server=https://a:6443", "--node-label=a b", "--x=\"q\" \\ $HOME 100%", ""});
}

TEST_CASE("service files: an OpenRC script's command is split twice") {
  Service s;
  REQUIRE(parse_openrc_script("#!/sbin/openrc-run\n" + kMark + "command=\"/opt/bin/skerry\"\n"
                              R"(command_args="server '--node-label=a b' '--x=it'\\''s \$5 \"q\"'")"
                              "\nenvironment_file=\"/etc/skerry/skerry.env\"\n",
                              s));
  CHECK(s.executable == "/opt/bin/skerry");
  CHECK(s.command == "server");
  CHECK(s.args == Words{"--node-label=a b", "--x=it's $5 \"q\""});
  CHECK(s.environment_file == "/etc/skerry/skerry.env");
}

TEST_CASE("service files: what install.sh did not write is left alone") {
  Service s;
  CHECK_FALSE(parse_unit("[Service]\nExecStart=/usr/local/bin/skerry server\n", s));
  CHECK_FALSE(parse_unit(kMark + "[Service]\n", s));
  CHECK_FALSE(parse_unit(kMark + "ExecStart=/usr/bin/other thing\n", s));
  CHECK_FALSE(parse_openrc_script(kMark + "command=\"\"\ncommand_args=\"\n", s));
}

TEST_CASE("service files: variables are read as sh and systemd read them") {
  auto v = parse_environment("# a comment = x\nSKERRY_TOKEN=\"K10a\\\"b\\\\c\\$d\\`e'f\"\n\nA=b\nTWO=\"first\nsecond\"\nS='x y'\nbroken\nLAST=\"open");
  CHECK(v["SKERRY_TOKEN"] == "K10a\"b\\c$d`e'f");
  CHECK(v["A"] == "b");
  CHECK(v["TWO"] == "first\nsecond");
  CHECK(v["S"] == "x y");
  CHECK(v["LAST"] == "open");
  CHECK(v.size() == 5);
}

TEST_CASE("service files: found below a root, with their variables") {
  Folder root;
  root.write("etc/systemd/system/skerry.service", kMark + "EnvironmentFile=-/etc/skerry/skerry.env\nExecStart=/usr/local/bin/skerry server -d /data\n");
  root.write("etc/systemd/system/other.service", "ExecStart=/bin/other server\n");
  root.write("usr/lib/systemd/system/skerry.service", kMark + "ExecStart=/usr/bin/skerry agent\n");
  root.write("etc/init.d/skerry-agent", kMark + "command=\"/usr/local/bin/skerry\"\ncommand_args=\"agent\"\n");
  root.write("etc/skerry/skerry.env", "SKERRY_RUN_DIR=\"/run/x\"\n");
  auto services = find_services(root.path);
  REQUIRE(services.size() == 2);
  CHECK(services[0].name == "skerry");
  CHECK(services[0].command == "server");
  CHECK(services[0].environment["SKERRY_RUN_DIR"] == "/run/x");
  CHECK(services[1].name == "skerry-agent");
  CHECK(services[1].manager == Service::Manager::kOpenrc);
}

TEST_CASE("salvage: a sound configuration is read like a server reads it") {
  Folder f;
  f.write("config.yaml", "data-dir: /a/b/\nlog-dir: /logs\n");
  auto s = salvage({"--config", f.path + "/config.yaml", "--instance=ab"}, {{"SKERRY_RUN_DIR", "/r"}});
  CHECK(s.complaint.empty());
  CHECK(s.layout.data_dir == "/a/b");
  CHECK(s.layout.run_dir == "/r");
  CHECK(s.layout.instance == "ab");
  CHECK(s.log_dir == "/logs");
}

TEST_CASE("salvage: of a broken configuration, what can be recognised is taken") {
  Folder f;
  f.write("config.yaml", "data-dir: \"/a b\"   # here\n  oops: [\ndata-dir: [\ninstance: ../..\nno-such-thing: 1\nrun-dir: /from-file # x\n");
  f.write("config.yaml.d/10.yaml", "log-dir: /dropped\n");
  auto s = salvage({"-c", f.path + "/config.yaml", "--https-listen-port=many", "--unknown", "-d=/flag"}, {{"SKERRY_RUN_DIR", "/from-variable"}});
  CHECK_FALSE(s.complaint.empty());
  CHECK(s.layout.data_dir == "/flag");
  CHECK(s.layout.run_dir == "/from-variable");
  CHECK(s.log_dir == "/dropped");
  CHECK(s.layout.instance == "");
  CHECK(s.kubeconfig == "/etc/skerry/skerry.yaml");
  CHECK(salvage({"-c", f.path + "/config.yaml"}, {}).layout.data_dir == "/a b");
  // No folder at all is none that a server would have taken.
  s = salvage({"-c", "/dev/null", "--data-dir=", "--run-dir", ""}, {});
  CHECK(s.complaint == "--data-dir: data-dir is a folder, not \"\"");
  CHECK(s.layout.data_dir == "/var/lib/skerry");
  CHECK(s.layout.run_dir == "/run/skerry");
  CHECK(salvage({"-c", f.path + "/config.yaml"}, {}).layout.run_dir == "/from-file");
}
