#include "agent/container_config.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::agent;

TEST_CASE("mounts: volumes whose content is the node's are read-only whatever the mount says") {
  const Json pod = Json::parse(R"({"spec":{"volumes":[
    {"name":"e","emptyDir":{}},{"name":"h","hostPath":{"path":"/x"}},{"name":"c","configMap":{"name":"x"}},{"name":"s","secret":{"secretName":"x"}},
    {"name":"d","downwardAPI":{"items":[]}},{"name":"p","projected":{"sources":[]}}]}})");
  std::string read_only;
  for (const char* name : {"e", "h", "c", "s", "d", "p", "none"})
    if (is_read_only_volume(pod, name)) read_only += name;
  CHECK(read_only == "csdp");
}
