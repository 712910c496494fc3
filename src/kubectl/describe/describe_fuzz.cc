// Objects that are not what their kind says: the first line is "group/Kind", the rest any JSON. Every describer ends, with text or an Error. No server
// answers what they ask beside: see answers_fuzz.cc for that.
#include <cstdint>

#include "kubeconfig/rest_config.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/workloads/rollout_status.h"
#include "kubectl/read/event_rows.h"
#include "kubectl/read/top_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  using namespace skerry::kubectl;
  static RestClient& rest = *[] {
    kubeconfig::RestConfig config;
    config.server = "http://127.0.0.1:1";  // nobody listens there
    return new RestClient(config, nullptr, 0, nullptr);
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == text.npos) return 0;
  auto object = json::parse_json(text.substr(end + 1));
  if (!object) return 0;
  const std::string_view line = text.substr(0, end), group = line.substr(0, line.find('/'));
  const std::string_view kind = group.size() == line.size() ? "" : line.substr(group.size() + 1);
  const Mapping mapping = {.group = std::string(group), .version = "v1", .resource = "things", .singular = "thing", .kind = std::string(kind), .namespaced = true};
  const DescribeOptions options{.show_events = false};
  Objects objects(rest);
  const Subject subject{objects, mapping, *object, options, WallTime(seconds(1'800'000'000))};
  Writer w;
  Describer describer = describer_of(group, kind);
  (void)(describer ? describer : describe_fields)(subject, w);
  (void)w.take();
  (void)rollout_state(*object, static_cast<int64_t>(size % 3));
  (void)event_row(*object, subject.now);
  (void)event_interval(*object, subject.now);
  (void)typed_event(*object);
  const std::vector<Json> some{*object, Json{{"metadata", {{"name", "x"}}}, {"status", {{"allocatable", {{"cpu", "1"}, {"memory", "1Gi"}}}}}}};
  (void)top_nodes(some, some, {.sort_by = size % 2 ? "cpu" : "memory", .show_swap = true});
  (void)top_pods(some, {.containers = true, .sum = true});
  return 0;
}
