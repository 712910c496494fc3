#include "kubectl/read/top_table.h"

#include <doctest/doctest.h>

namespace skerry::kubectl {
namespace {

Json node_metrics(const char* name, const char* cpu, const char* memory) {
  return {{"metadata", {{"name", name}}}, {"usage", {{"cpu", cpu}, {"memory", memory}}}};
}
Json node(const char* name, const char* cpu, const char* memory) {
  return {{"metadata", {{"name", name}}}, {"status", {{"allocatable", {{"cpu", cpu}, {"memory", memory}}}}}};
}
Json pod_metrics(const char* ns, const char* name, std::vector<std::pair<const char*, const char*>> usages) {
  Json containers = Json::array();
  for (size_t i = 0; i < usages.size(); ++i)
    containers.push_back({{"name", "c" + std::to_string(i)}, {"usage", {{"cpu", usages[i].first}, {"memory", usages[i].second}}}});
  return {{"metadata", {{"name", name}, {"namespace", ns}}}, {"containers", containers}};
}

TEST_CASE("top nodes: usage rounded up, percentages rounded down, nodes without figures last") {
  std::vector<Json> nodes{node("n1", "4", "8Gi"), node("n2", "2", "16Gi"), node("a", "2", "1Gi")};
  CHECK(top_nodes({node_metrics("n2", "1500m", "4Gi"), node_metrics("n1", "250123456n", "1234567Ki")}, nodes, {}) ==
        "NAME   CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   \n"
        "n1     251m         6%          1205Mi          14%         \n"
        "n2     1500m        75%         4096Mi          25%         \n"
        "a      <unknown>    <unknown>   <unknown>       <unknown>   \n");
}

TEST_CASE("top nodes: sorted by use, and of a node that is not known") {
  TopOptions o;
  o.sort_by = "cpu";
  o.no_headers = true;
  CHECK(top_nodes({node_metrics("n1", "1", "1Gi"), node_metrics("n2", "2", "1Gi")}, {node("n1", "4", "4Gi")}, o) ==
        "n2    2000m   <unknown>   1024Mi   <unknown>   \nn1    1000m   25%         1024Mi   25%         \n");
}

TEST_CASE("top pods: containers are added up before rounding") {
  std::vector<Json> pods{pod_metrics("default", "b", {{"100m", "100Mi"}, {"1500u", "2Gi"}}), pod_metrics("default", "a", {{"0", "0"}})};
  CHECK(top_pods(pods, {}) == "NAME   CPU(cores)   MEMORY(bytes)   \na      0m           0Mi             \nb      102m         2148Mi          \n");
  TopOptions o;
  o.sum = o.with_namespace = o.containers = true;
  CHECK(top_pods(pods, o) ==
        "NAMESPACE   POD   NAME   CPU(cores)   MEMORY(bytes)   \n"
        "default     a     c0     0m           0Mi             \n"
        "default     b     c0     100m         100Mi           \n"
        "default     b     c1     2m           2048Mi          \n"
        "                         ________     ________        \n"
        "                         102m         2148Mi          \n");
}

TEST_CASE("top: objects that lack everything are no reason to fail") {
  CHECK(top_pods({Json::object()}, {}).find("0m") != std::string::npos);
  CHECK(top_nodes({Json::object()}, {Json::object()}, {}).find("<unknown>") != std::string::npos);
}

}  // namespace
}  // namespace skerry::kubectl
