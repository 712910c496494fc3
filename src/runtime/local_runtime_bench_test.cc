// Figures rather than checks; run with: SKERRY=.../skerry test_runtime -ns -tc='bench*'
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include "base/strings.h"
#include "os/cgroup.h"
#include "os/files.h"
#include "runtime/test_support.h"

using namespace skerry;
using namespace skerry::runtime;

namespace {

uint64_t smaps_kb(pid_t pid, std::string_view field) {
  auto text = os::read_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  if (!text) return 0;
  for (std::string_view line : split(*text, '\n'))
    if (starts_with(line, field)) return strtoull(std::string(line.substr(field.size())).c_str(), nullptr, 10);
  return 0;
}

}  // namespace

TEST_CASE("bench: 50 pods of one container" * doctest::skip()) {
  testing::TestRuntime rt;
  if (const char* executable = getenv("SKERRY")) {  // the shims of the real executable rather than of this program
    rt.options.executable = executable;
    rt.restart();
  }
  std::vector<double> total, sandbox_ms, create_ms, start_ms;
  for (int i = 0; i < 50; ++i) {
    auto now = [] { return std::chrono::steady_clock::now(); };
    auto ms = [](auto a, auto b) { return std::chrono::duration<double, std::milli>(b - a).count(); };
    auto t0 = now();
    auto sandbox = rt->run_sandbox(rt.sandbox("pod" + std::to_string(i)));
    REQUIRE(sandbox);
    auto t1 = now();
    ContainerConfig c = rt.container({"/bin/sleep", "1000"});
    c.seccomp.type = i % 2 ? Seccomp::Type::kRuntimeDefault : Seccomp::Type::kUnconfined;
    auto id = rt->create_container(sandbox->id, c);
    REQUIRE(id);
    auto t2 = now();
    REQUIRE(rt->start_container(*id));
    auto t3 = now();
    total.push_back(ms(t0, t3));
    sandbox_ms.push_back(ms(t0, t1));
    create_ms.push_back(ms(t1, t2));
    start_ms.push_back(ms(t2, t3));
  }
  for (auto* values : {&total, &sandbox_ms, &create_ms, &start_ms}) std::sort(values->begin(), values->end());
  MESSAGE("pod start ms p50 " << total[25] << " p98 " << total[48] << " max " << total[49] << "; p50 sandbox " << sandbox_ms[25]
                              << " create " << create_ms[25] << " start " << start_ms[25]);
  auto cgroups = os::Cgroups::detect(root_cgroup(rt.options.instance));
  uint64_t pss = 0, private_kb = 0, n = 0;
  for (pid_t pid : cgroups->processes("shims")) {
    pss += smaps_kb(pid, "Pss:");
    private_kb += smaps_kb(pid, "Private_Dirty:");
    ++n;
  }
  MESSAGE(n << " shims: PSS " << pss / n << " kB each, private dirty " << private_kb / n << " kB each");
}
