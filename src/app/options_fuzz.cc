// A configuration file from outside: settings, or an Error; and with what is wrong forgiven, always settings.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "app/options.h"

using namespace skerry::app;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int file = memfd_create("config", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) abort();
  Options strict(all_options()), forgiving(all_options());
  const bool good = strict.load({"--config", path}, {}).has_value();
  forgiving.forgive_files();
  if (!forgiving.load({"--config", path}, {})) abort();
  if (good && (!forgiving.file_errors().empty() || strict.text("data-dir") != forgiving.text("data-dir"))) abort();
  return 0;
}
