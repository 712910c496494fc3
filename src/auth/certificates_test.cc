#include "auth/certificates.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "auth/pki.h"

using namespace skerry;
using namespace skerry::auth;

namespace {

struct FakeClock final : Clock {
  WallTime time{std::chrono::seconds(1800000000)};
  WallTime now() const override { return time; }
  MonoTime mono() const override { return {}; }
};

struct TempDir {
  std::string path = (std::filesystem::temp_directory_path() / ("skerry-auth-" + std::to_string(getpid()))).string();
  TempDir() { std::filesystem::create_directories(path); }
  ~TempDir() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("certificates: an issued certificate says what was asked and is signed by its authority alone") {
  FakeClock clock;
  auto ca = Authority::create("a", clock), other = Authority::create("b", clock);
  REQUIRE(ca);
  REQUIRE(other);
  CertificateSpec spec;
  spec.common_name = "system:node:n1";
  spec.organizations = {"system:nodes"};
  spec.dns_names = {"n1,IP:6.6.6.6"};  // no name smuggles in another
  spec.ips = {"10.0.0.1", "::1"};
  spec.client = true;
  auto pair = ca->issue(spec, clock);
  REQUIRE(pair);
  auto info = parse_certificate(pair->cert_pem);
  REQUIRE(info);
  CHECK(info->common_name == "system:node:n1");
  CHECK(info->dns_names == spec.dns_names);
  CHECK(info->ips == spec.ips);
  CHECK(info->client);
  CHECK(!info->server);
  CHECK(!info->ca);
  CHECK(ca->signed_this(pair->cert_pem));
  CHECK(!other->signed_this(pair->cert_pem));
  auto user = user_of_certificate(pair->cert_pem);
  REQUIRE(user);
  CHECK(user->groups == std::vector<std::string>{"system:nodes", "system:authenticated"});
  CHECK(!parse_certificate("garbage"));
}

TEST_CASE("pki: files are kept, renewed when little time is left, and private") {
  TempDir dir;
  FakeClock clock;
  PkiOptions options;
  options.dir = dir.path + "/tls";
  options.tls_sans = {"10.1.2.3", "box"};
  auto first = Pki::open(options, clock);
  REQUIRE(first);
  auto again = Pki::open(options, clock);
  REQUIRE(again);
  CHECK(first->serving().cert_pem == again->serving().cert_pem);
  struct stat st{};
  REQUIRE(stat((options.dir + "/serving-kube-apiserver.key").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
  auto info = parse_certificate(again->serving().cert_pem);
  REQUIRE(info);
  CHECK(std::find(info->ips.begin(), info->ips.end(), "10.1.2.3") != info->ips.end());

  clock.time += std::chrono::days(300);
  auto renewed = Pki::open(options, clock);
  REQUIRE(renewed);
  CHECK(renewed->serving().cert_pem != first->serving().cert_pem);
  CHECK(renewed->server_ca().cert_pem() == first->server_ca().cert_pem());

  options.tls_sans.push_back("another");
  auto renamed = Pki::open(options, clock);
  REQUIRE(renamed);
  CHECK(renamed->serving().cert_pem != renewed->serving().cert_pem);

  std::filesystem::remove(options.dir + "/client-ca.key");
  CHECK(!Pki::open(options, clock));  // never a new authority beside an old certificate
}

TEST_CASE("secret files: what holds the content already is not written again, so that a full disk stops no start") {
  TempDir dir;
  const std::string path = dir.path + "/token";
  const auto inode = [&] {
    struct stat st {};
    REQUIRE(::stat(path.c_str(), &st) == 0);
    return st.st_ino;
  };
  REQUIRE(write_secret_file(path, "a", 0600, false));
  const auto first = inode();
  REQUIRE(::link(path.c_str(), (path + ".kept").c_str()) == 0);  // or its number might be given to the next file
  REQUIRE(write_secret_file(path, "a", 0600, false));
  CHECK(inode() == first);
  REQUIRE(write_secret_file(path, "a", 0640, false));  // another mode is another file
  CHECK(inode() != first);
  REQUIRE(write_secret_file(path, "b", 0640, false));
  CHECK(*read_secret_file(path) == "b");
}
