#include "runtime/reference.h"

#include <doctest/doctest.h>

using skerry::runtime::parse_reference;

TEST_CASE("reference: names are completed as Docker completes them") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::pair<std::string, std::string> cases[] = {
      {"nginx", "docker.io/library/nginx:latest"},
      {"team/app:1.2", "docker.io/team/app:1.2"},
      {"localhost/app", "localhost/app:latest"},
      {"localhost:5000/app", "localhost:5000/app:latest"},
      {"registry.k8s.io/e2e-test-images/agnhost:2.40", "registry.k8s.io/e2e-test-images/agnhost:2.40"},
      {"index.docker.io/library/x", "docker.io/library/x:latest"},
      {"[::1]:5000/a/b_c__d.e-f--g:T_1", "[::1]:5000/a/b_c__d.e-f--g:T_1"},
      {"nginx@" + digest, "docker.io/library/nginx@" + digest},
      {"nginx:1@" + digest, "docker.io/library/nginx@" + digest},
  };
  for (const auto& [text, want] : cases) {
    auto ref = parse_reference(text);
    REQUIRE_MESSAGE(ref, text);
    CHECK(ref->str() == want);
  }
  CHECK(parse_reference("nginx@" + digest)->tag.empty());
}

TEST_CASE("reference: what is no reference is refused") {
  for (const char* text : {"", ":", "a:", "/a", "a/", "a//b", "a b", "A", "a:b:c", "a@sha256:12", "a@md5:x", "a___b", "a..b", "-a", "a:-b", "http://a", "host:port/a", "a/../b"})
    CHECK_FALSE_MESSAGE(parse_reference(text), text);
  CHECK(parse_reference("Team/App").error().message.find("must be lowercase") != std::string::npos);
}
