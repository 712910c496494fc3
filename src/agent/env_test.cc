#include "agent/env.h"

#include <doctest/doctest.h>

#include "base/strings.h"

using namespace skerry;
using namespace skerry::agent;

namespace {
Json parse(std::string_view text) { return json::parse_json(text).value(); }
}  // namespace

TEST_CASE("env: $(VAR) expands, $$ escapes, unknown names and open brackets stay") {
  auto lookup = [](std::string_view name) -> const std::string* {
    static const std::string a = "alpha", empty;
    return name == "A" ? &a : name == "EMPTY" ? &empty : nullptr;
  };
  struct Row { const char *in, *out; };
  for (auto& row : std::vector<Row>{{"$(A)", "alpha"}, {"x$(A)y$(A)", "xalphayalpha"}, {"$$(A)", "$(A)"}, {"$$$(A)", "$alpha"}, {"$(B)", "$(B)"},
                                    {"$(A", "$(A"}, {"$A", "$A"}, {"$", "$"}, {"a$", "a$"}, {"$(EMPTY)-", "-"}, {"$()", "$()"}, {"$$$$", "$$"}})
    CHECK(expand(row.in, lookup) == row.out);
}

TEST_CASE("env: variables see those before them, services and references; missing keys are errors unless optional") {
  Json pod = parse(R"j({"metadata":{"name":"p","namespace":"ns","uid":"u","labels":{"app":"x"}},"spec":{"containers":[{"name":"c",
    "resources":{"limits":{"cpu":"1500m","memory":"64Mi"}},
    "envFrom":[{"prefix":"P_","configMapRef":{"name":"cm"}}],
    "env":[{"name":"A","value":"1"},{"name":"B","value":"$(A)$(LATER)$(WEB_SERVICE_HOST)"},{"name":"LATER","value":"2"},
      {"name":"L","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['app']"}}},
      {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},
      {"name":"MEM","valueFrom":{"resourceFieldRef":{"resource":"limits.memory","divisor":"1Mi"}}},
      {"name":"S","valueFrom":{"secretKeyRef":{"name":"sec","key":"k"}}},
      {"name":"O","valueFrom":{"secretKeyRef":{"name":"none","key":"k","optional":true}}}]}]}})j");
  Json web = parse(R"({"metadata":{"name":"web"},"spec":{"clusterIP":"10.43.0.9","ports":[{"name":"http","port":80,"protocol":"TCP"}]}})");
  auto lookup = [](const Reference& r) -> Result<api::ObjectPtr> {
    if (r.name == "cm") return api::Object::from_json(parse(R"({"metadata":{"name":"cm"},"data":{"X":"cfg"}})"));
    if (r.name == "sec") return api::Object::from_json(Json{{"metadata", {{"name", "sec"}}}, {"data", {{"k", base64_encode("hidden")}}}});
    return Error(Reason::kNotFound, "secret \"" + r.name + "\" not found");
  };
  auto env = make_environment(pod, pod["spec"]["containers"][0], {}, lookup, {web});
  REQUIRE(env);
  auto at = [&](const char* name) { auto v = find_variable(*env, name); return v ? *v : std::string("<none>"); };
  CHECK(at("P_X") == "cfg");
  CHECK(at("B") == "1$(LATER)10.43.0.9");
  CHECK(at("L") == "x");
  CHECK(at("CPU") == "2");
  CHECK(at("MEM") == "64");
  CHECK(at("S") == "hidden");
  CHECK(at("O") == "<none>");
  CHECK(at("WEB_PORT_80_TCP") == "tcp://10.43.0.9:80");
  CHECK(at("WEB_SERVICE_PORT_HTTP") == "80");
  pod["spec"]["containers"][0]["env"] = parse(R"([{"name":"S","valueFrom":{"secretKeyRef":{"name":"sec","key":"other"}}}])");
  auto failed = make_environment(pod, pod["spec"]["containers"][0], {}, lookup, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "couldn't find key other in Secret ns/sec");
}
