#include <doctest/doctest.h>

#include "runtime/auth_challenge.h"
#include "runtime/capabilities.h"
#include "runtime/manifest.h"
#include "runtime/shim_protocol.h"
#include "runtime/signals.h"
#include "runtime/state_json.h"

using namespace skerry;
using namespace skerry::runtime;

TEST_CASE("auth challenge: several schemes, quoting and rubbish") {
  auto c = parse_auth_challenges(R"(Basic realm="x, y", Bearer realm="https://t/token",service="s",scope="repository:a/b:pull,push",q="a\"b")");
  REQUIRE(c.size() == 2);
  CHECK(c[0].scheme == "basic");
  CHECK(c[0].parameters["realm"] == "x, y");
  CHECK(c[1].scheme == "bearer");
  CHECK(c[1].parameters["scope"] == "repository:a/b:pull,push");
  CHECK(c[1].parameters["q"] == "a\"b");
  CHECK(parse_auth_challenges("").empty());
  CHECK(parse_auth_challenges("Negotiate").size() == 1);
  CHECK(parse_auth_challenges("Bearer realm=\"unended").size() == 1);
}

TEST_CASE("capabilities: the default set, changed by add and drop") {
  uint64_t all = (1ull << 41) - 1;
  auto set = capability_set({}, {}, false, all);
  CHECK(set->size() == 14);
  CHECK(capability_set({}, {"ALL"}, false, all)->empty());
  CHECK(*capability_set({"net_admin"}, {"all"}, false, all) == std::vector<std::string>{"CAP_NET_ADMIN"});
  CHECK(capability_set({"ALL"}, {"SYS_ADMIN"}, false, all)->size() == 40);
  CHECK(capability_set({}, {}, true, all & ~(1ull << 24))->size() == 40);
  CHECK_FALSE(capability_set({"NONSENSE"}, {}, false, all));
}

TEST_CASE("manifest: images and indexes are told apart, wrong ones refused") {
  std::string digest = "sha256:" + std::string(64, '1');
  auto index = parse_manifest(R"({"schemaVersion":2,"manifests":[{"digest":")" + digest + R"(","size":1,"platform":{"os":"linux","architecture":"nothing"}}]})");
  REQUIRE(index);
  CHECK(index->is_index);
  CHECK(select_platform(*index).error().message.find("no match for platform") == 0);
  CHECK_FALSE(parse_manifest(R"({"schemaVersion":1,"fsLayers":[]})"));
  CHECK_FALSE(parse_manifest(R"({"schemaVersion":2,"config":{"digest":"sha256:../../x","size":1},"layers":[]})"));
  CHECK_FALSE(parse_manifest("[]"));
}

TEST_CASE("manifest: of an index the image that suits the processor best") {
  auto chosen = [](std::vector<std::pair<const char*, const char*>> platforms, std::string_view architecture) {
    Manifest index;
    for (auto [name, variant] : platforms) {
      Descriptor entry;
      entry.os = "linux", entry.architecture = name, entry.variant = variant;
      index.entries.push_back(entry);
    }
    auto found = select_platform(index, architecture);
    return found ? found->architecture + (found->variant.empty() ? "" : "/" + found->variant) : "none";
  };
  CHECK(chosen({{"amd64", ""}, {"arm", "v5"}, {"arm", "v7"}, {"arm64", "v8"}}, "arm") == "arm/v7");
  CHECK(chosen({{"arm", "v5"}, {"arm", "v6"}, {"arm64", ""}}, "arm") == "arm/v6");
  CHECK(chosen({{"arm", "v6"}, {"arm", ""}}, "arm") == "arm");
  CHECK(chosen({{"arm", "v8"}, {"arm64", "v8"}}, "arm") == "none");
  CHECK(chosen({{"arm", "v7"}, {"arm64", "v8"}}, "arm64") == "arm64/v8");
  CHECK(chosen({{"arm", "v6"}, {"arm", "v7"}, {"amd64", ""}}, "arm64") == "arm/v7");
  CHECK(chosen({{"386", ""}, {"amd64", "v3"}, {"amd64", ""}}, "amd64") == "amd64");
  CHECK(chosen({{"arm64", "v8"}, {"unknown", ""}}, "amd64") == "none");
}

TEST_CASE("signals: names, numbers, real-time ones") {
  CHECK(signal_number("SIGTERM") == 15);
  CHECK(signal_number("quit") == 3);
  CHECK(signal_number("9") == 9);
  CHECK(signal_number("SIGRTMIN+3") == 37);
  CHECK_FALSE(signal_number("SIGNOTHING"));
  CHECK_FALSE(signal_number("0"));
}

TEST_CASE("shim messages: written and read, cut ones refused") {
  ShimMessage m;
  std::string packet = encode_shim_message(ShimOp::kKill, {"id", "", "9"});
  REQUIRE(decode_shim_message(packet, m));
  CHECK(m.fields == std::vector<std::string>{"id", "", "9"});
  CHECK_FALSE(decode_shim_message(packet.substr(0, packet.size() - 1), m));
  CHECK_FALSE(decode_shim_message("abc", m));
}

TEST_CASE("state: a container's configuration survives being written") {
  ContainerConfig c;
  c.name = "x";
  c.env = {{"A", "1"}, {"B", ""}};
  c.mounts.push_back({"/h", "/c", true, false, Mount::Propagation::kBidirectional});
  c.user.uid = 0;
  c.resources.memory_limit_bytes = 5;
  c.target_pid_container = "y";
  CHECK(to_json(container_config_from_json(to_json(c))) == to_json(c));
  SandboxConfig s;
  s.sysctls = {{"a", "b"}};
  s.host_pid = true;
  CHECK(to_json(sandbox_config_from_json(to_json(s))) == to_json(s));
}
