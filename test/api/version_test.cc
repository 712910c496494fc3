// What the executable says of itself.
#include <doctest/doctest.h>

#include "../harness/process.h"

using namespace skerry::test;

TEST_CASE("version, notices, help") {
  Output version = run({skerry::test::skerry(), "version"});
  CHECK(version.out.find("skerry version v") == 0);
  for (const char* part : {"architecture: linux/", "kubernetes: v1.36.", "OpenSSL 3.", "SQLite 3.", "curl 7.", "crun 1."})
    CHECK_MESSAGE(version.out.find(part) != std::string::npos, part);
  Output notices = run({skerry::test::skerry(), "version", "--licenses"});
  CHECK(notices.code == 0);
  for (const char* part : {"crun", "curl", "sqlite", "OpenSSL"}) CHECK_MESSAGE(notices.out.find(part) != std::string::npos, part);
  CHECK(run({skerry::test::skerry(), "server", "--help"}).out.find("--write-kubeconfig") != std::string::npos);
  Output wrong = run({skerry::test::skerry(), "server", "--no-such-flag"});
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("--no-such-flag") != std::string::npos);
}
