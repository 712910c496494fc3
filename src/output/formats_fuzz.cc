// What is printed as JSON, YAML and KYAML is the object again when it is read.
#include <cstdint>
#include <cstdlib>

#include "json/yaml.h"
#include "output/custom_columns.h"
#include "output/go_format.h"
#include "output/json_text.h"
#include "output/kyaml.h"

using namespace skerry;

namespace {

// Numbers come back as such, if not always as the same kind of number: 1e3 is 1000.
bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a == b || a.get<double>() == b.get<double>();
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_array()) {
    for (size_t i = 0; i < a.size(); ++i)
      if (!same(a[i], b[i])) return false;
    return true;
  }
  if (a.is_object()) {
    for (auto& [key, value] : a.items())
      if (!b.contains(key) || !same(value, b[key])) return false;
    return true;
  }
  return a == b;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto columns = output::CustomColumns::parse(text)) {
    static const Json object =
        Json::parse(R"({"metadata":{"name":"x","labels":{"a":"b"}},"spec":{"list":[1,{"b":2}]}})");
    output::TabWriter tabs = output::TabWriter::for_descriptions();
    columns->print_header(tabs);
    (void)columns->print_row(object, tabs);
  }
  (void)output::CustomColumns::parse_template(text);
  auto value = json::parse_json(text);
  if (!value) return 0;
  (void)output::go_text(*value);
  (void)output::go_syntax(*value);
  const auto from_json = json::parse_json(output::dump_json(*value));
  if (!from_json || !same(*value, *from_json)) abort();
  const auto from_yaml = json::parse_yaml(json::dump_yaml(*value));
  if (!from_yaml || !same(*value, *from_yaml)) abort();
  const auto from_kyaml = json::parse_yaml(output::dump_kyaml(*value));
  if (!from_kyaml || !same(*value, *from_kyaml)) abort();
  return 0;
}
