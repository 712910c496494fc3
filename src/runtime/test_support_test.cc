#include "runtime/test_support.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>

#include "json/json.h"
#include "os/files.h"
#include "os/mounts.h"
#include "runtime/sha256.h"

namespace skerry::runtime::testing {

std::string make_tar(const std::vector<TarEntry>& entries) {
  std::string out;
  for (const TarEntry& e : entries) {
    char header[512] = {};
    bool has_data = e.type == '0';
    snprintf(header, 100, "%s", e.path.c_str());
    snprintf(header + 100, 8, "%07o", e.mode);
    snprintf(header + 108, 8, "%07o", e.uid);
    snprintf(header + 116, 8, "%07o", e.gid);
    snprintf(header + 124, 12, "%011zo", has_data ? e.data.size() : 0);
    snprintf(header + 136, 12, "%011o", 1000000000);
    header[156] = e.type;
    if (!has_data) snprintf(header + 157, 100, "%s", e.data.c_str());
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (char c : header) sum += static_cast<unsigned char>(c);
    snprintf(header + 148, 8, "%06o", sum);
    out.append(header, 512);
    if (!has_data) continue;
    out += e.data;
    out.append((512 - e.data.size() % 512) % 512, '\0');
  }
  out.append(1024, '\0');
  return out;
}

std::string make_docker_archive(const TestImage& image) {
  Json config = json::parse_json(image.config).value();
  Json diff_ids = Json::array(), layers = Json::array();
  std::vector<TarEntry> entries;
  for (size_t i = 0; i < image.layers.size(); ++i) {
    diff_ids.push_back(sha256_digest(image.layers[i]));
    layers.push_back("layer" + std::to_string(i) + ".tar");
    entries.push_back({layers.back().get<std::string>(), '0', image.layers[i]});
  }
  Json root = {{"architecture", "amd64"}, {"os", "linux"}, {"config", config}, {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
  entries.push_back({"config.json", '0', root.dump()});
  Json manifest = Json::array({{{"Config", "config.json"}, {"RepoTags", Json::array({image.tag})}, {"Layers", layers}}});
  entries.push_back({"manifest.json", '0', manifest.dump()});
  return make_tar(entries);
}

std::string busybox_layer() {
  std::vector<TarEntry> entries;
  for (const char* d : {"bin", "etc", "tmp", "proc", "sys", "dev", "root"}) entries.push_back({d, '5', "", d == std::string("tmp") ? 01777u : 0755u});
  entries.push_back({"bin/busybox", '0', os::read_file("/bin/busybox").value(), 0755});
  for (const char* name : {"sh", "cat", "echo", "sleep", "id", "ls", "env", "pwd", "mknod", "mount", "hostname", "dd", "head", "tail", "true",
                           "false", "kill", "touch", "wc", "grep", "stty", "nc", "ps", "mkdir", "unshare", "ping", "ip", "sed", "tr", "seq", "yes"})
    entries.push_back({std::string("bin/") + name, '2', "busybox", 0777});
  entries.push_back({"etc/passwd", '0', "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"});
  entries.push_back({"etc/group", '0', "root:x:0:\napp:x:1001:\nextra:x:2000:app\n"});
  return make_tar(entries);
}

std::string TestRuntime::unavailable() {
  if (geteuid() != 0) return "not root";
  if (!os::exists("/bin/busybox")) return "no /bin/busybox (package busybox-static)";
  return "";
}

TestRuntime::TestRuntime() {
  char name[] = "/tmp/skerry-runtime-test-XXXXXX";
  directory = mkdtemp(name);
  options.data_dir = directory + "/data";
  options.run_dir = directory + "/run";
  options.instance = "test" + std::to_string(getpid());
  auto made = make_runtime(options, clock);
  REQUIRE_MESSAGE(made, made.error().message);
  runtime = std::move(*made);
  TestImage image{{busybox_layer()}, R"({"Env":["PATH=/bin","FROM_IMAGE=1"],"Cmd":["/bin/sh","-c","echo from-image"]})", "skerry.test/busybox:1"};
  REQUIRE(os::write_file_atomic(directory + "/image.tar", make_docker_archive(image)));
  auto images = runtime->import_images(directory + "/image.tar");
  REQUIRE_MESSAGE(images, images.error().message);
  image_id = (*images)[0].id;
}

TestRuntime::~TestRuntime() {
  runtime.reset();
  Status removed = remove_everything(options);
  CHECK_MESSAGE(removed, removed.error().message);
  removed = os::remove_tree(directory);
  CHECK_MESSAGE(removed, removed.error().message);
}

void TestRuntime::restart() {
  runtime.reset();
  auto made = make_runtime(options, clock);
  REQUIRE_MESSAGE(made, made.error().message);
  runtime = std::move(*made);
}

SandboxConfig TestRuntime::sandbox(const std::string& name) const {
  SandboxConfig config;
  config.pod_uid = "uid-" + name;
  config.pod_name = name;
  config.pod_namespace = "default";
  config.hostname = name;
  config.log_directory = directory + "/logs/" + name;
  config.cgroup_parent = "besteffort/poduid-" + name;
  return config;
}

ContainerConfig TestRuntime::container(const std::vector<std::string>& command) const {
  static int counter = 0;
  ContainerConfig config;
  config.name = "c" + std::to_string(counter++);
  config.image_ref = image_id;
  config.command = command;
  config.log_path = config.name + "/0.log";
  return config;
}

std::string TestRuntime::run(const std::string& sandbox_id, const ContainerConfig& config) {
  auto id = runtime->create_container(sandbox_id, config);
  REQUIRE_MESSAGE(id, id.error().message);
  Status started = runtime->start_container(*id);
  REQUIRE_MESSAGE(started, started.error().message);
  return *id;
}

ContainerInfo TestRuntime::wait_exit(const std::string& id) {
  for (int i = 0; i < 12000; ++i) {
    auto info = runtime->container(id);
    REQUIRE_MESSAGE(info, info.error().message);
    if (info->state == ContainerState::kExited) return *info;
    poll(nullptr, 0, 5);
  }
  FAIL("the container did not end within a minute");
  return {};
}

std::string TestRuntime::log(const ContainerConfig& config, const std::string& pod) const {
  auto text = os::read_file(directory + "/logs/" + pod + "/" + config.log_path);
  std::string out;
  if (!text) return out;
  // Without the time: "stdout F hello\n".
  for (size_t at = 0; at < text->size();) {
    size_t end = text->find('\n', at), space = text->find(' ', at);
    out += text->substr(space + 1, end - space);
    at = end + 1;
  }
  return out;
}

}  // namespace skerry::runtime::testing
