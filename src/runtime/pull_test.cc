#include "runtime/pull.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "base/strings.h"
#include "http/server.h"
#include "json/json.h"
#include "os/files.h"
#include "runtime/archive.h"
#include "runtime/manifest.h"
#include "runtime/sha256.h"
#include "runtime/test_support.h"

using namespace skerry;
using namespace skerry::runtime;

namespace {

// A registry with one image, team/app:1, that wants a token, and cuts or spoils what it is told to.
struct FakeRegistry {
  FakeRegistry() {
    layer = testing::make_tar({{"file", '0', std::string(200000, 'z')}});
    Json config = {{"architecture", machine_architecture()}, {"os", "linux"}, {"config", {{"User", "1000:1"}, {"Cmd", {"/file"}}}},
                   {"rootfs", {{"type", "layers"}, {"diff_ids", {sha256_digest(layer)}}}}};
    put(layer);
    std::string config_text = config.dump();
    put(config_text);
    Json manifest = {{"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                     {"config", {{"digest", sha256_digest(config_text)}, {"size", config_text.size()}}},
                     {"layers", Json::array({{{"digest", sha256_digest(layer)}, {"size", layer.size()}}})}};
    image_text = manifest.dump();
    put(image_text);
    Json index = {{"schemaVersion", 2}, {"manifests", Json::array({{{"digest", sha256_digest("other")}, {"size", 5}, {"platform", {{"os", "windows"}, {"architecture", "amd64"}}}},
                  {{"digest", sha256_digest(image_text)}, {"size", image_text.size()}, {"platform", {{"os", "linux"}, {"architecture", machine_architecture()}}}}})}};
    index_text = index.dump();
    put(index_text);
    server = std::make_unique<http::Server>(http::ServerOptions{}, [this](const http::Request& q, http::ResponseWriter& w) { handle(q, w); });
    REQUIRE(server->start());
    domain = "127.0.0.1:" + std::to_string(server->port());
  }
  void put(const std::string& bytes) { blobs[sha256_digest(bytes)] = bytes; }

  void handle(const http::Request& q, http::ResponseWriter& w) {
    if (q.path == "/token") {
      bool known = q.headers.get("Authorization") == "Basic " + base64_encode("user:secret");
      if (!known) return w.send(401, "application/json", std::string("{}"));
      scope = q.query().get("scope");
      return w.send(200, "application/json", std::string(R"({"token":"t0ken"})"));
    }
    if (q.headers.get("Authorization") != "Bearer t0ken") {
      w.headers().set("WWW-Authenticate", "Bearer realm=\"http://" + domain + "/token\",service=\"fake\"");
      return w.send(401, "application/json", std::string(R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})"));
    }
    ns = q.query().get("ns");
    std::string selector = q.path.substr(q.path.find_last_of('/') + 1);
    if (q.path == "/v2/team/app/manifests/1") return w.send(200, "application/vnd.oci.image.index.v1+json", index_text);
    auto blob = blobs.find(selector);
    if (!starts_with(q.path, "/v2/team/app/") || blob == blobs.end())
      return w.send(404, "application/json", std::string(R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})"));
    std::string bytes = blob->second;
    if (selector == sha256_digest(layer)) {
      ++layer_requests;
      if (spoil) bytes[1000] ^= 1;
      std::string range(q.headers.get("Range"));
      if (!range.empty()) {
        resumed_at = parse_int(range.substr(6, range.size() - 7)).value_or(-1);
        return w.send(206, "application/octet-stream", bytes.substr(static_cast<size_t>(resumed_at)));
      }
      if (cut_once.exchange(false)) {
        auto stream = w.stream(200, "application/octet-stream");
        stream->write(bytes.substr(0, 70000));
        stream->wait_pending_at_most(0);
        return stream->abort();
      }
    }
    w.send(200, "application/octet-stream", bytes);
  }

  std::string domain, layer, image_text, index_text, scope, ns;
  std::map<std::string, std::string> blobs;
  std::atomic<bool> cut_once{false}, spoil{false};
  std::atomic<int> layer_requests{0};
  std::atomic<int64_t> resumed_at{-1};
  std::unique_ptr<http::Server> server;
};

struct Store {
  Store() {
    char name[] = "/tmp/skerry-pull-test-XXXXXX";
    path = mkdtemp(name);
    store = std::move(*ImageStore::open(path + "/images"));
  }
  ~Store() { CHECK(os::remove_tree(path)); }
  std::string path;
  std::unique_ptr<ImageStore> store;
};

const std::vector<RegistryAuth> kGood = {{"user", "wrong", "", ""}, {"user", "secret", "", ""}};

}  // namespace

#define SKIP_WITHOUT_ROOT()       \
  if (geteuid() != 0) {           \
    MESSAGE("skipped: not root"); \
    return;                       \
  }

TEST_CASE("pull: an image for this platform, with a token, layers shared and removed") {
  SKIP_WITHOUT_ROOT();
  FakeRegistry registry;
  Store s;
  auto info = pull_image(*s.store, {}, registry.domain + "/team/app:1", kGood);
  REQUIRE_MESSAGE(info, info.error().message);
  CHECK(registry.scope == "repository:team/app:pull");
  CHECK(info->repo_tags == std::vector<std::string>{registry.domain + "/team/app:1"});
  CHECK(info->repo_digests == std::vector<std::string>{registry.domain + "/team/app@" + sha256_digest(registry.index_text)});
  CHECK(info->uid == 1000);
  CHECK(s.store->find(registry.domain + "/team/app:1"));
  CHECK(s.store->find(info->repo_digests[0]));
  CHECK(s.store->find(info->id.substr(7, 12)));
  CHECK(os::list_directory(s.path + "/images/partial")->empty());
  // Again: nothing is downloaded.
  REQUIRE(pull_image(*s.store, {}, registry.domain + "/team/app@" + sha256_digest(registry.image_text), kGood));
  CHECK(registry.layer_requests == 1);
  CHECK(s.store->list().size() == 1);
  // Another process' store sees it; a new one reads it from the disk.
  auto guest = ImageStore::open(s.path + "/images", ImageStore::Role::kGuest);
  CHECK((*guest)->list().size() == 1);
  auto layers = *s.store->layers(info->id);
  s.store->hold(layers);
  CHECK((*guest)->remove(info->id));
  CHECK(s.store->list().empty());
  CHECK(os::list_directory(s.path + "/images/layers")->size() == 1);
  s.store->release(layers);
  CHECK(os::list_directory(s.path + "/images/layers")->empty());
  CHECK(os::list_directory(s.path + "/images/blobs/sha256")->empty());
}

TEST_CASE("pull: a cut download goes on where it ended") {
  SKIP_WITHOUT_ROOT();
  FakeRegistry registry;
  registry.cut_once = true;
  Store s;
  auto info = pull_image(*s.store, {}, registry.domain + "/team/app:1", kGood);
  REQUIRE_MESSAGE(info, info.error().message);
  CHECK(registry.resumed_at > 0);
  CHECK(registry.layer_requests == 2);
}

TEST_CASE("pull: errors say what went wrong, and leave nothing half done") {
  SKIP_WITHOUT_ROOT();
  FakeRegistry registry;
  Store s;
  std::string name = registry.domain + "/team/app:1";
  auto denied = pull_image(*s.store, {}, name, {});
  REQUIRE_FALSE(denied);
  CHECK(denied.error().is(Reason::kUnauthorized));
  CHECK(denied.error().message.find("failed to pull and unpack image \"" + name + "\": failed to resolve reference") == 0);
  auto missing = pull_image(*s.store, {}, registry.domain + "/team/app:2", kGood);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().is(Reason::kNotFound));
  CHECK(ends_with(missing.error().message, registry.domain + "/team/app:2: not found"));
  registry.spoil = true;
  auto spoiled = pull_image(*s.store, {}, name, kGood);
  REQUIRE_FALSE(spoiled);
  CHECK(spoiled.error().message.find("unexpected digest") != std::string::npos);
  CHECK(os::list_directory(s.path + "/images/partial")->empty());
  CHECK(os::list_directory(s.path + "/images/layers")->empty());
  CHECK(s.store->list().empty());
  registry.spoil = false;
  CHECK(pull_image(*s.store, {}, name, kGood));
  auto unreachable = pull_image(*s.store, {}, "127.0.0.1:1/x", {});
  REQUIRE_FALSE(unreachable);
  CHECK(unreachable.error().is(Reason::kServiceUnavailable));
  CHECK_FALSE(pull_image(*s.store, {}, "Not A Reference", {}));
}

TEST_CASE("pull: endpoints in order, repositories rewritten, their own credentials, and all failures told") {
  SKIP_WITHOUT_ROOT();
  FakeRegistry registry;
  Store s;
  RegistryOptions options;
  options.mirrors["quay.test"] = {{"http://127.0.0.1:1", "http://" + registry.domain}, {{"^project/(.*)", "team/$1"}}};
  options.configs[registry.domain].auth = {"user", "secret", "", ""};
  options.default_endpoint = false;
  auto info = pull_image(*s.store, options, "quay.test/project/app:1", {});
  REQUIRE_MESSAGE(info, info.error().message);
  CHECK(info->repo_tags == std::vector<std::string>{"quay.test/project/app:1"});
  CHECK(registry.ns == "quay.test");
  // The mirror's credentials are tried before a pull secret that is not for it.
  CHECK(pull_image(*s.store, options, "quay.test/project/app:1", {{"user", "wrong", "", ""}}));
  options.configs.clear();
  auto failed = pull_image(*s.store, options, "quay.test/project/app:1", {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().is(Reason::kUnauthorized));
  CHECK(failed.error().message.find("; before, 127.0.0.1:1: ") != std::string::npos);
  options.configs["*"].tls = {"/no/such/ca.pem", "", "", false, true};
  failed = pull_image(*s.store, options, "quay.test/project/app:1", {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("ca_file: ") != std::string::npos);
  CHECK(failed.error().message.find("/no/such/ca.pem") != std::string::npos);
}

TEST_CASE("import: an OCI archive, and a docker archive that moves a tag") {
  SKIP_WITHOUT_ROOT();
  FakeRegistry registry;
  Store s;
  std::vector<testing::TarEntry> entries;
  for (const auto& [digest, bytes] : registry.blobs) entries.push_back({"blobs/sha256/" + digest.substr(7), '0', bytes});
  Json index = {{"schemaVersion", 2}, {"manifests", Json::array({{{"digest", sha256_digest(registry.index_text)}, {"size", 1},
                {"annotations", {{"io.containerd.image.name", "example.test/app:1"}}}}})}};
  entries.push_back({"index.json", '0', index.dump()});
  REQUIRE(os::write_file_atomic(s.path + "/oci.tar", testing::make_tar(entries)));
  auto images = import_archive(*s.store, s.path + "/oci.tar");
  REQUIRE_MESSAGE(images, images.error().message);
  CHECK((*images)[0].repo_tags == std::vector<std::string>{"example.test/app:1"});
  testing::TestImage other{{testing::make_tar({{"other", '0', "x"}})}, "{}", "example.test/app:1"};
  REQUIRE(os::write_file_atomic(s.path + "/docker.tar", testing::make_docker_archive(other)));
  auto moved = import_archive(*s.store, s.path + "/docker.tar");
  REQUIRE_MESSAGE(moved, moved.error().message);
  CHECK(s.store->find("example.test/app:1")->id == (*moved)[0].id);
  CHECK(s.store->list().size() == 2);
  // Pins are kept, and are exactly what was said last.
  REQUIRE(s.store->pin({(*images)[0].id, "sha256:unknown"}));
  auto again = ImageStore::open(s.path + "/images", ImageStore::Role::kGuest);
  CHECK((*again)->find((*images)[0].id)->pinned);
  CHECK_FALSE((*again)->find((*moved)[0].id)->pinned);
  REQUIRE(s.store->pin({(*moved)[0].id}));
  CHECK_FALSE(s.store->find((*images)[0].id)->pinned);
  CHECK(s.store->find((*moved)[0].id)->pinned);
  REQUIRE(os::write_file_atomic(s.path + "/none.tar", testing::make_tar({{"readme", '0', "x"}})));
  CHECK_FALSE(import_archive(*s.store, s.path + "/none.tar"));
  CHECK(os::list_directory(s.path + "/images/tmp")->empty());
}
