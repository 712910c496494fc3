// What `skerry killall` and `uninstall` read of a damaged installation: units, OpenRC scripts, files of variables, and
// the flags in them. Whatever they hold: folders come out of them that have no "..", and an instance that is one or is
// refused later.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "app/salvage.h"
#include "app/service_files.h"

using namespace skerry::app;

namespace {

void look_at(Service& service) {
  // Never a file that the input names.
  service.args.push_back("--config=/dev/null");
  const Salvaged found = salvage(service);
  for (const std::string& folder : {found.layout.data_dir, found.layout.run_dir}) {
    if (folder.empty() || folder[0] != '/') abort();
    if ((folder + "/").find("/../") != std::string::npos) abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = std::string(kInstallMark) + "\n" + std::string(reinterpret_cast<const char*>(data), size);
  Service unit, script;
  const auto environment = parse_environment(text);
  if (parse_unit(text, unit)) {
    unit.environment = environment;
    unit.environment.erase("SKERRY_CONFIG_FILE");
    look_at(unit);
  }
  if (parse_openrc_script(text, script)) look_at(script);
  return 0;
}
