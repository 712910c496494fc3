#include <cstdlib>

#include "kubeconfig/config.h"
#include "kubeconfig/exec_plugin.h"
#include "kubeconfig/url.h"

using namespace skerry::kubeconfig;

// What was read can be written, and what was written reads as the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_exec_credential(text, "client.authentication.k8s.io/v1");
  (void)parse_url(text);
  auto config = parse_config(text, "x");
  if (!config) return 0;
  (void)dump_config_json(*config);
  const skerry::Json once = to_json(*config);
  auto again = parse_config(skerry::json::dump(once), "x");
  if (skerry::json::dump(once).find("\xef\xbf\xbd") != std::string::npos) return 0;  // invalid UTF-8 was replaced
  if (!again || to_json(*again) != once) std::abort();
  return 0;
}
