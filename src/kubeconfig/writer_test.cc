#include "kubeconfig/writer.h"

#include "json/yaml.h"
#include "kubeconfig/test_support.h"

using namespace skerry;
using namespace skerry::kubeconfig;

namespace {

std::string as_written(std::string_view yaml) { return json::dump_yaml(*json::parse_yaml(yaml)); }

mode_t mode_of(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 0777 : 0;
}

}  // namespace

TEST_CASE("writer: each entry goes to the file it came from, new ones to the first that exists") {
  Folder folder;
  const std::string a = folder.write("a", "clusters: [{name: c, cluster: {server: 'https://a', zone: 1}}]\n", 0640);
  const std::string b = folder.write("b", "extra: kept\nusers: [{name: u, user: {token: t}}]\ncurrent-context: x\n");
  const Environment environment = test_environment({{"KUBECONFIG", folder.path + "/nope:" + a + ":" + b}});
  const Sources sources = find_sources("", environment);
  CHECK(sources.file_for_new() == a);
  auto changed = modify(sources, Paths::kRelative, [&](Config& config) -> Status {
    config.clusters["c"].value["server"] = "https://new";
    config.clusters["d"].value["certificate-authority"] = folder.path + "/pki/ca.pem";
    config.clusters["e"].value["certificate-authority"] = "/etc/ca.pem";
    config.users.erase("u");
    config.current_context.clear();
    return {};
  });
  REQUIRE_MESSAGE(changed, (changed ? "" : changed.error().message));
  CHECK(folder.read("a") == as_written(R"(apiVersion: v1
clusters:
- cluster:
    server: https://new
    zone: 1
  name: c
- cluster:
    certificate-authority: pki/ca.pem
    server: ""
  name: d
- cluster:
    certificate-authority: /etc/ca.pem
    server: ""
  name: e
contexts: null
current-context: ""
kind: Config
users: null
)"));
  CHECK(folder.read("b") == "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\nextra: kept\nkind: Config\nusers: null\n");
  CHECK(mode_of(a) == 0640);
  CHECK_FALSE(std::filesystem::exists(folder.path + "/nope"));
  CHECK_FALSE(std::filesystem::exists(a + ".lock"));
}

TEST_CASE("writer: a new file is private; a lock of another stops us; a failed change writes nothing; links stay") {
  Folder folder;
  const std::string file = folder.path + "/sub/config";
  const Environment environment = test_environment();
  const Sources sources = find_sources(file, environment);
  const auto set_context = [](Config& config) -> Status {
    config.current_context += "x";
    return {};
  };
  REQUIRE(modify(sources, Paths::kRelative, set_context));
  CHECK(mode_of(file) == 0600);
  const std::string before = folder.read("sub/config");
  folder.write("sub/config.lock", "");
  auto locked = modify(sources, Paths::kRelative, set_context);
  REQUIRE_FALSE(locked);
  CHECK(locked.error().message == "open " + file + ".lock: file exists");
  std::filesystem::remove(file + ".lock");
  CHECK_FALSE(modify(sources, Paths::kRelative, [](Config& config) -> Status {
    config.current_context = "other";
    return Error(Reason::kBadRequest, "no");
  }));
  CHECK(folder.read("sub/config") == before);
  std::filesystem::create_symlink(file, folder.path + "/link");
  REQUIRE(modify(find_sources(folder.path + "/link", environment), Paths::kRelative, set_context));
  CHECK(std::filesystem::is_symlink(folder.path + "/link"));
  CHECK(folder.read("sub/config") != before);
}
