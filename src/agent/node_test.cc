#include "agent/node.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::agent;

namespace {

Json status(const char* memory, const char* disk, const char* ready, const char* boot = "b1") {
  Json conditions = Json::array();
  conditions.push_back({{"type", "MemoryPressure"}, {"status", memory}});
  conditions.push_back({{"type", "DiskPressure"}, {"status", disk}});
  conditions.push_back({{"type", "Ready"}, {"status", ready}});
  return {{"conditions", std::move(conditions)}, {"nodeInfo", {{"bootID", boot}}}};
}

std::string reasons(const Json& before, const Json& after) {
  std::string all;
  for (auto& e : node_events("n1", before, after)) all += e.reason + " ";
  return all;
}

}  // namespace

TEST_CASE("node: events tell what changed in its status") {
  CHECK(reasons(Json::object(), status("False", "False", "False")) == "NodeHasSufficientMemory NodeHasNoDiskPressure ");
  CHECK(reasons(status("False", "False", "False"), status("False", "False", "True")) == "NodeReady ");
  CHECK(reasons(status("False", "False", "True"), status("False", "False", "True")) == "");
  CHECK(reasons(status("False", "False", "True"), status("True", "True", "False")) == "NodeHasInsufficientMemory NodeHasDiskPressure NodeNotReady ");
  CHECK(reasons(status("Unknown", "Unknown", "Unknown"), status("False", "False", "True")) ==
        "NodeHasSufficientMemory NodeHasNoDiskPressure NodeReady ");
  const auto rebooted = node_events("n1", status("False", "False", "True"), status("False", "False", "True", "b2"));
  REQUIRE(rebooted.size() == 1);
  CHECK(rebooted[0] == NodeEvent{"Warning", "Rebooted", "Node n1 has been rebooted, boot id: b2"});
  CHECK(node_events("n1", status("False", "False", "False"), status("False", "False", "True"))[0] ==
        NodeEvent{"Normal", "NodeReady", "Node n1 status is now: NodeReady"});
}

TEST_CASE("node: a restart does not make a ready node unready for a moment") {
  const Json ready = status("False", "False", "True"), unready = status("False", "False", "False");
  CHECK_FALSE(is_news(false, ready, milliseconds(50)));
  CHECK(is_news(true, ready, milliseconds(50)));
  CHECK(is_news(false, ready, seconds(11)));
  CHECK(is_news(false, unready, milliseconds(50)));
  CHECK(is_news(false, Json::object(), milliseconds(50)));
}
