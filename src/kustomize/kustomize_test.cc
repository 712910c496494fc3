// Whole builds. What kubectl prints is compared in test/kustomize; here are the promises that a reader should find in one place.
#include "kustomize/kustomize.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace skerry;
using namespace skerry::kustomize;

namespace {

using Files = std::map<std::string, std::string>;

std::string built(MemoryFiles files, const std::string& path = "/", Options options = {}) {
  auto out = build_output(files, path, options);
  return out ? to_yaml(out->resources) : "error: " + out.error().message;
}

constexpr const char* kPod = R"(apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: "nginx:1", envFrom: [{configMapRef: {name: settings}}]}]}
)";

}  // namespace

TEST_CASE("kustomize: generated names get kustomize's hashes and references follow them") {
  CHECK(built(MemoryFiles(Files{{"/kustomization.yaml", "namePrefix: a-\nresources: [p.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n"}, {"/p.yaml", kPod}})) ==
        R"(apiVersion: v1
data:
  a: b
kind: ConfigMap
metadata:
  name: a-settings-4h2mbtbbt6
---
apiVersion: v1
kind: Pod
metadata:
  name: a-p
spec:
  containers:
  - envFrom:
    - configMapRef:
        name: a-settings-4h2mbtbbt6
    image: nginx:1
    name: c
)");
}

TEST_CASE("kustomize: content_hash is that of kubectl create --append-hash") {
  CHECK(content_hash({{"kind", "ConfigMap"}, {"metadata", {{"name", "x"}}}, {"data", {{"a", "b"}}}}) == "64686gkt6c");
  CHECK(content_hash({{"kind", "Secret"}, {"metadata", {{"name", "x"}}}, {"data", {{"a", "Yg=="}}}}) == "k694gm4m9h");
  CHECK(content_hash({{"kind", "ConfigMap"}, {"metadata", {{"name", "x"}}}}) == "62ctbmbfd2");
}

TEST_CASE("kustomize: files outside the folder are not read, unless asked for") {
  MemoryFiles files(Files{{"/in/kustomization.yaml", "configMapGenerator: [{name: a, files: [../secret]}]\n"}, {"/secret", "x"}});
  auto out = build_output(files, "/in");
  REQUIRE(!out);
  CHECK(out.error().message == "loading KV pairs: file sources: [../secret]: security; file '/secret' is not in or below '/in'");
  Options options;
  options.load_restrictions = false;
  CHECK(build_output(files, "/in", options));
  // A folder whose name only begins alike is outside too.
  MemoryFiles twin(Files{{"/in/kustomization.yaml", "resources: [../inside/p.yaml]\n"}, {"/inside/p.yaml", kPod}});
  CHECK(!build_output(twin, "/in"));
}

TEST_CASE("kustomize: a symbolic link does not lead out of the folder") {
  auto root = std::filesystem::temp_directory_path() / ("kustomize-link-" + std::to_string(::getpid()));
  std::filesystem::create_directories(root / "in");
  std::ofstream(root / "secret") << "x";
  std::filesystem::create_symlink(root / "secret", root / "in" / "link");
  std::ofstream(root / "in" / "kustomization.yaml") << "configMapGenerator: [{name: a, files: [link]}]\n";
  DiskFiles disk;
  auto out = build_output(disk, (root / "in").string());
  std::filesystem::remove_all(root);
  REQUIRE(!out);
  CHECK(out.error().message.find("is not in or below") != std::string::npos);
}

TEST_CASE("kustomize: cycles are found") {
  MemoryFiles files(Files{{"/a/kustomization.yaml", "resources: [../b]\n"}, {"/b/kustomization.yaml", "resources: [../a]\n"}});
  auto out = build_output(files, "/a");
  REQUIRE(!out);
  CHECK(out.error().message.find("cycle detected: candidate root '/a' contains visited root '/a'") != std::string::npos);
}

TEST_CASE("kustomize: what cannot be done says so") {
  auto error = [](const std::string& kustomization) { return built(MemoryFiles(Files{{"/kustomization.yaml", kustomization}})); };
  CHECK(error("foo: bar\n") == "error: invalid Kustomization: json: unknown field \"foo\"");
  CHECK(error("helmCharts: [{name: x}]\n").find("must specify --enable-helm") != std::string::npos);
  CHECK(error("resources: [https://github.com/a/b]\n").find("does not fetch git repositories") != std::string::npos);
  CHECK(error("generators: [\"{apiVersion: x/v1, kind: Gen, metadata: {name: a}}\"]\n") ==
        "error: loading generator plugins: failed to load generator: external plugins disabled; unable to load external plugin 'Gen'");
  CHECK(error("") == "error: kustomization.yaml is empty");
  CHECK(built(MemoryFiles(Files{{"/x", ""}})) == "error: unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/'");
}

TEST_CASE("kustomize: a file by URL comes from the source's fetch") {
  struct Web : MemoryFiles {
    using MemoryFiles::MemoryFiles;
    Result<std::string> fetch(const std::string& url) override {
      asked = url;
      return std::string(kPod);
    }
    std::string asked;
  };
  Web web;
  web.put("/kustomization.yaml", "resources: ['https://example.com/p.yaml']\nnameSuffix: -x\n");
  auto out = build_output(web, "/");
  REQUIRE(out);
  CHECK(web.asked == "https://example.com/p.yaml");
  CHECK(json::str(out->resources.at(0), {"metadata", "name"}) == "p-x");
}

TEST_CASE("kustomize: warnings about deprecated fields come even if the build fails") {
  std::vector<std::string> seen;
  Options options;
  options.warn = [&](const std::string& text) { seen.push_back(text); };
  MemoryFiles files(Files{{"/kustomization.yaml", "commonLabels: {a: b}\nresources: [none.yaml]\n"}});
  CHECK(!build_output(files, "/", options));
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == "# Warning: 'commonLabels' is deprecated. Please use 'labels' instead. Run 'kustomize edit fix' to update your Kustomization automatically.");
}

TEST_CASE("kustomize: hostile input ends soon") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) bomb += std::string(1, c) + ": &" + c + " [" + [&] {
    std::string refs;
    for (int i = 0; i < 10; ++i) refs += std::string(i != 0 ? "," : "") + "*" + static_cast<char>(c - 1);
    return refs;
  }() + "]\n";
  CHECK(built(MemoryFiles(Files{{"/kustomization.yaml", "resources: [b.yaml]\n"}, {"/b.yaml", bomb}})).find("excessive aliasing") != std::string::npos);
  // Copying a value into itself again and again.
  std::string copies = "resources: [p.yaml]\npatches:\n- target: {kind: Pod}\n  patch: |\n    - {op: add, path: /spec/x, value: [1, 2, 3, 4, 5, 6, 7, 8]}\n";
  for (int i = 0; i < 60; ++i) copies += "    - {op: copy, from: /spec, path: /spec/x/-}\n";
  CHECK(built(MemoryFiles(Files{{"/kustomization.yaml", copies}, {"/p.yaml", kPod}})).starts_with("error: "));
  // A pattern that takes others exponential time.
  std::string pattern = "resources: [p.yaml]\npatches: [{target: {name: '(a*)*(a*)*b|(x+x+)+y'}, patch: '[]'}]\n";
  std::string pod = "{apiVersion: v1, kind: Pod, metadata: {name: " + std::string(5000, 'a') + "}}\n";
  CHECK(built(MemoryFiles(Files{{"/kustomization.yaml", pattern}, {"/p.yaml", pod}})).starts_with("apiVersion"));
}
