// Registries as registries.yaml has them, the images directory, and a node on a machine that lacks what it can do without.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "../harness/cluster.h"

using namespace skerry;
using namespace skerry::test;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// registries.yaml, images and certificates of this program.
struct Place {
  Place() {
    char name[] = "/tmp/skerry-test-images-XXXXXX";
    path = mkdtemp(name);
    std::filesystem::create_directories(path + "/images");
    std::filesystem::copy_file(image("busybox.tar"), path + "/images/busybox.tar");
  }
  ~Place() { std::filesystem::remove_all(path); }
  std::string path;
};
const Place& place() {
  static Place p;
  return p;
}

Cluster& cluster() {
  place();
  static Cluster c({"--disable-default-registry-endpoint", "--private-registry", place().path + "/registries.yaml", "--images-dir", place().path + "/images"});
  return c;
}

// A registry beside the node; those of one cluster serve the same images.
class Registry {
 public:
  Registry(Cluster& c, int port, const std::string& http, const std::string& more = "") : address_(c.lan.address() + ":" + std::to_string(port)), netns_(c.lan.netns()) {
    const std::string dir = place().path + "/registry-" + std::to_string(port);
    std::filesystem::create_directories(dir);
    write_file(dir + "/config.yml", "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: " + place().path + "/store}}\nhttp: {addr: '" + address_ + "'" + http + "}\n" + more);
    RunOptions options;
    options.netns = netns_;
    process_ = std::make_unique<Background>(std::vector<std::string>{tool("docker-registry"), "serve", dir + "/config.yml"}, options, dir + "/log");
    wait_for("the registry", [&] {
      REQUIRE_MESSAGE(process_->running(), read_file(dir + "/log"));
      // Whatever it answers: 7 is that nobody listens.
      return run({"curl", "-sk", "-m", "2", "-o", "/dev/null", "https://" + address_}, RunOptions{.input = {}, .env = {}, .netns = netns_}).code != 7;
    });
  }
  void push(const std::string& archive, const std::string& name) {
    Output o = run({"python3", "test/tools/push_image.py", image(archive), "http://" + address_ + "/" + name}, RunOptions{.input = {}, .env = {}, .netns = netns_});
    REQUIRE_MESSAGE(o.code == 0, o.err);
  }
  const std::string& address() const { return address_; }

 private:
  std::string address_, netns_;
  std::unique_ptr<Background> process_;
};

void openssl(const std::string& line) {
  Output o = run({"sh", "-c", "cd " + place().path + " && openssl " + line});
  REQUIRE_MESSAGE(o.code == 0, o.err);
}

// ca.pem, and certificates for a server at `address` and for a client, signed by it.
void make_certificates(const std::string& address) {
  write_file(place().path + "/server.ext", "subjectAltName=IP:" + address + "\n");
  write_file(place().path + "/client.ext", "extendedKeyUsage=clientAuth\n");
  openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=harbour -days 1");
  for (const char* who : {"server", "client"}) {
    const std::string w = who;
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + w + ".key -out " + w + ".csr -subj /CN=" + w);
    openssl("x509 -req -in " + w + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -out " + w + ".pem -days 1 -extfile " + w + ".ext");
  }
}

void registries(const std::string& text) { write_file(place().path + "/registries.yaml", text); }

std::string pod(const std::string& name, const std::string& image) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\nspec:\n  terminationGracePeriodSeconds: 0\n  containers: [{name: web, image: '" + image + "'}]\n";
}

void wait_event(Cluster& c, const std::string& about, const std::string& text) {
  wait_for("an event about " + about + ": " + text,
           [&] { return contains(c.must({"get", "events", "-A", "--field-selector", "involvedObject.name=" + about, "-o", "jsonpath={.items[*].message}"}), text); });
}

std::string images(Cluster& c) { return c.server.skerry({"images", "list", "--config", "/dev/null"}).out; }

}  // namespace

TEST_CASE("a mirror: dead endpoints passed over, repositories rewritten, credentials sent") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  Registry open(c, 5002, "");
  open.push("demo-1.oci.tar", "hub/library/app:1");
  // bcrypt of "open-sesame".
  write_file(place().path + "/users", "puller:$2b$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n");
  Registry guarded(c, 5000, "", "auth: {htpasswd: {realm: test, path: " + place().path + "/users}}\n");
  const std::string mirrors = "mirrors:\n  docker.io:\n    endpoint:\n    - http://" + c.lan.address() + ":1\n    - http://" + guarded.address() +
                              "\n    rewrite:\n      \"^library/(.*)\": hub/library/$1\n";
  registries(mirrors);
  c.apply(pod("refused", "app:1"));
  wait_event(c, "refused", "no basic auth credentials");
  wait_event(c, "refused", "before, 10.99.0.1:1: ");
  // Mended, while it runs: the next pull reads it.
  registries(mirrors + "configs:\n  " + guarded.address() + ":\n    auth: {username: puller, password: open-sesame}\n");
  c.apply(pod("mirrored", "app:1"));
  c.wait_ready("mirrored");
  CHECK(contains(images(c), "docker.io/library/app:1"));

  // A broken file: what runs, runs on, and what held before still does.
  registries("mirrors:\n  docker.io:\n    endpoints: []\n");
  CHECK(c.server.skerry({"images", "remove", "docker.io/library/app:1", "--config", "/dev/null"}).code == 0);
  c.apply(pod("later", "app:1"));
  c.wait_ready("later");
  CHECK(contains(read_file(c.server.log_path()), place().path + "/registries.yaml:3: unknown key \"endpoints\" (did you mean \"endpoint\"?)"));
  c.wait_ready("mirrored");
  c.must({"delete", "pod", "refused", "mirrored", "later"});
}

TEST_CASE("a registry with an authority of its own that wants a client certificate") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  Registry open(c, 5002, "");
  open.push("demo-1.oci.tar", "secure/app:2");
  make_certificates(c.lan.address());
  const std::string dir = place().path;
  Registry secure(c, 5001, ", tls: {certificate: " + dir + "/server.pem, key: " + dir + "/server.key, clientcas: [" + dir + "/ca.pem]}");
  const std::string name = secure.address() + "/secure/app:2";
  const std::string tls = "configs:\n  " + secure.address() + ":\n    tls:\n      ca_file: " + dir + "/ca.pem\n";
  registries("");
  c.apply(pod("unknown", name));
  wait_event(c, "unknown", "certificate");
  registries(tls);
  c.apply(pod("anonymous", name));
  wait_event(c, "anonymous", "Failed to pull image");
  registries(tls + "      cert_file: " + dir + "/client.pem\n      key_file: " + dir + "/client.key\n");
  c.apply(pod("known", name));
  c.wait_ready("known");
  c.must({"delete", "pod", "unknown", "anonymous", "known"});
}

TEST_CASE("the images directory: whole archives are imported as they appear, lists pulled, bad ones told, all pinned") {
  if (!can_run_nodes()) return;
  Cluster& c = cluster();
  const std::string dir = place().path + "/images/";
  Registry open(c, 5002, "");
  open.push("demo-1.oci.tar", "listed/app:1");
  registries("mirrors:\n  list.example:\n    endpoint: http://" + open.address() + "\n");
  CHECK(contains(images(c), "skerry.local/busybox:1"));

  const std::string archive = read_file(image("demo-2.tar"));
  std::ofstream slow(dir + "demo-2.tar", std::ios::binary);
  slow << archive.substr(0, archive.size() / 2) << std::flush;
  write_file(dir + "bad.tar", "this is no archive");
  wait_event(c, "node-1", "bad.tar: ");
  CHECK_FALSE(contains(images(c), "skerry.local/demo:2"));  // it has looked, and left the half alone
  slow << archive.substr(archive.size() / 2) << std::flush;
  slow.close();
  wait_for("the archive", [&] { return contains(images(c), "skerry.local/demo:2"); });
  write_file(dir + "list.txt", "# what this site needs\nlist.example/listed/app:1\n");
  wait_for("the list", [&] { return contains(images(c), "list.example/listed/app:1"); });
  CHECK(run({"sh", "-c", "gzip -c " + image("demo-1.tar") + " > " + dir + ".demo-1 && mv " + dir + ".demo-1 " + dir + "demo-1.tar.gz"}).code == 0);
  wait_for("the packed archive", [&] { return contains(images(c), "skerry.local/demo:1"); });
  wait_for("pins", [&] {
    int pinned = 0;
    for (const char* name : {"skerry.local/busybox:1", "skerry.local/demo:1", "skerry.local/demo:2", "list.example/listed/app:1"}) {
      std::string all = images(c);
      size_t at = all.find(name);
      pinned += at != std::string::npos && contains(all.substr(at, all.find('\n', at) - at), "pinned");
    }
    return pinned == 4;
  });
  // Told once, and half an archive never.
  const std::string events = c.must({"get", "events", "-A", "--field-selector", "involvedObject.name=node-1", "-o", "jsonpath={range .items[*]}{.message}{\"\\n\"}{end}"});
  CHECK(contains(events, "bad.tar: "));
  CHECK_FALSE(contains(events, "demo-2.tar: "));
  const std::string log = read_file(c.server.log_path());
  size_t first = log.find("W images: bad.tar: ");
  CHECK(first != std::string::npos);
  CHECK(log.find("W images: bad.tar: ", first + 1) == std::string::npos);
}

TEST_CASE("a machine without overlayfs and with settings that cannot be changed runs pods, and its Node says what it lacks") {
  if (!can_run_nodes()) return;
  // The data directory lies on an overlay, which overlayfs refuses as a place to write; /proc/sys is read-only.
  const std::string layers = place().path + "/layers", wrapper = place().path + "/skerry";
  for (const char* sub : {"/low", "/up", "/work"}) std::filesystem::create_directories(layers + sub);
  write_file(wrapper, "#!/bin/sh\ncase $1 in server) ;; *) exec \"$REAL_SKERRY\" \"$@\";; esac\nexec unshare -m sh -c '\nfor d; do [ \"$last\" = --data-dir ] && break; last=$d; done\n"
                      "mkdir -p \"$d\" && mount -t overlay -o lowerdir=" + layers + "/low,upperdir=" + layers + "/up,workdir=" + layers + "/work none \"$d\" &&\n"
                      "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables; mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec \"$REAL_SKERRY\" \"$@\"' sh \"$@\"\n");
  std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
  const std::string real = std::filesystem::absolute(skerry::test::skerry());
  setenv("REAL_SKERRY", real.c_str(), 1);
  setenv("SKERRY", wrapper.c_str(), 1);
  {
    Cluster c({"--private-registry", "/dev/null", "--service-proxy", "nftables"});
    c.apply(pod("copied", "skerry.local/demo:1"));
    c.apply(pod("neighbour", "skerry.local/demo:1"));
    c.wait_ready("copied");
    c.wait_ready("neighbour");
    // A pod reaches its neighbour by a cluster address although the kernel does not track what the bridge switches.
    c.must({"label", "pod", "neighbour", "app=neighbour"});
    c.must({"expose", "pod", "neighbour", "--port=80", "--target-port=8080"});
    const std::string ip = c.jsonpath("service/neighbour", "{.spec.clusterIP}");
    wait_for("the neighbour's answer", [&] { return contains(c.kubectl({"exec", "copied", "--", "timeout", "2", "wget", "-q", "-O", "-", "http://" + ip}).out, "hello from neighbour"); });
    std::string told;
    wait_for("the condition", [&] { return contains(told = c.jsonpath("node/node-1", "{.status.conditions[?(@.type==\"HostDegraded\")]}"), "True"); });
    CHECK(contains(told, "overlay missing (each container gets a full copy of its image"));
    CHECK(contains(told, "bridge filter missing"));
    CHECK(contains(told, "HostLacksFeatures"));
    CHECK(contains(read_file(c.server.log_path()), "W host: this machine: overlay missing"));
  }
  setenv("SKERRY", real.c_str(), 1);
}
