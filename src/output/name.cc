#include "output/name.h"

#include "base/strings.h"

namespace skerry::output {

std::string kind_name(const Json& object) {
  std::string version = json::str(object, "apiVersion");
  std::string kind = to_lower(json::str(object, "kind"));
  size_t slash = version.find('/');
  return slash == std::string::npos ? kind : kind + "." + version.substr(0, slash);
}

std::string object_name(const Json& object) {
  std::string name = json::str(object, {"metadata", "name"});
  return kind_name(object) + "/" + (name.empty() ? "<unknown>" : name);
}

std::string success_message(const Json& object, std::string_view operation, std::string_view dry_run_suffix) {
  std::string text = object_name(object);
  if (!operation.empty()) text += " " + std::string(operation);
  return text += dry_run_suffix;
}

}  // namespace skerry::output
