#include "api/decode.h"

#include <cstdlib>

#include "api/catalog.h"
#include "api/defaults.h"
#include "api/validation.h"

// Any JSON decodes or is refused; what has been decoded decodes to itself, and may be defaulted and validated.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  if (size < 1) return 0;
  auto rows = api::Catalog::builtin();
  const api::Resource& row = rows[data[0] % rows.size()];
  auto object = json::parse_json({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!object) return 0;
  std::vector<std::string> warnings;
  if (!api::decode(row, *object, api::FieldValidation::kWarn, warnings)) return 0;
  Json again = *object;
  warnings.clear();
  if (!api::decode(row, again, api::FieldValidation::kWarn, warnings) || again != *object || !warnings.empty()) abort();
  api::set_defaults(row, *object);
  (void)api::validate_create(row, *object);
  (void)api::validate_update(row, *object, again);
  return 0;
}
