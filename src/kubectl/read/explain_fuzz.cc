// OpenAPI documents from a server, whatever they refer to: the first line is the word that `explain` is given, the rest
// the document. Text comes out of it in bounded time and space.
#include <cstdint>

#include "kubectl/read/explain_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace skerry;
  using namespace skerry::kubectl;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\n');
  if (end == text.npos) return 0;
  auto document = json::parse_json(text.substr(end + 1));
  if (!document) return 0;
  const std::vector<Mapping> mappings = {
      {.group = "", .version = "v1", .resource = "pods", .singular = "pod", .kind = "Pod"},
      {.group = "g", .version = "v1", .resource = "pods.p", .singular = "p", .kind = "P"}};
  const Mapping* chosen = nullptr;
  ExplainRequest request;
  request.path = fields_behind(text.substr(0, end), mappings, &chosen);
  if (chosen == nullptr) return 0;
  request.group = chosen->group, request.version = chosen->version, request.kind = chosen->kind;
  (void)field_names(*document, request);
  for (bool recursive : {false, true}) {
    request.recursive = recursive;
    (void)explain(*document, request);
    (void)explain_old(*document, request);
  }
  (void)wrap_words(text, size % 90);
  return 0;
}
