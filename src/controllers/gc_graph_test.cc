#include "controllers/gc_graph.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace skerry;
using namespace skerry::controllers;

namespace {

GcNode node(const std::string& uid, std::vector<std::string> owners = {}, bool block = true) {
  GcNode n;
  n.uid = n.name = uid;
  for (auto& o : owners) n.owners.push_back({"v1", "X", o, o, false, block});
  return n;
}

bool has(const std::vector<std::string>& list, const std::string& uid) {
  return std::find(list.begin(), list.end(), uid) != list.end();
}

}  // namespace

TEST_CASE("gc graph: the end of an owner wakes its dependents, in whatever order they were seen") {
  GcGraph g;
  CHECK(has(g.put(node("pod", {"rs"})), "pod"));
  CHECK(g.put(node("rs")).empty());
  CHECK(g.size() == 1);
  CHECK(g.dependents("rs").size() == 1);
  CHECK(has(g.erase("rs"), "pod"));
  // The dependent ends: its owner may have waited for it.
  CHECK(has(g.erase("pod"), "rs"));
  CHECK(g.dependents("rs").empty());
  CHECK(g.size() == 0);
}

TEST_CASE("gc graph: foreground deletion wakes owner and dependents; a reference that no longer blocks wakes the owner") {
  GcGraph g;
  g.put(node("pod", {"rs"}));
  GcNode rs = node("rs");
  rs.deleting = rs.foreground = true;
  auto look = g.put(rs);
  CHECK(has(look, "rs"));
  CHECK(has(look, "pod"));
  CHECK(has(g.put(node("pod", {"rs"}, false)), "rs"));
  CHECK_FALSE(g.find("pod")->is_blocked_by("rs"));
  CHECK(has(g.put(node("pod")), "rs") == false);
  CHECK(g.dependents("rs").empty());
}

TEST_CASE("gc: the verdict over an object with owners") {
  using O = OwnerState;
  CHECK(judge({O::kSolid}, true) == GcVerdict::kKeep);
  CHECK(judge({}, false) == GcVerdict::kKeep);
  CHECK(judge({O::kAbsent}, true) == GcVerdict::kDelete);
  CHECK(judge({O::kSolid, O::kAbsent}, true) == GcVerdict::kDropReferences);
  CHECK(judge({O::kSolid, O::kWaiting}, false) == GcVerdict::kDropReferences);
  CHECK(judge({O::kWaiting}, true) == GcVerdict::kDeleteForeground);
  CHECK(judge({O::kWaiting, O::kAbsent}, false) == GcVerdict::kDelete);
}
