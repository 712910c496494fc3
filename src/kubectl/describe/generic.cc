// Objects of kinds that have no describer: all their fields, with readable names.
#include <algorithm>
#include <cctype>

#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/label.h"

namespace skerry::kubectl {
namespace {

bool shown_elsewhere(const std::string& path) {
  static constexpr std::string_view kPaths[] = {".metadata.managedFields", ".metadata.name", ".metadata.namespace",
                                                ".metadata.labels", ".metadata.annotations"};
  return std::find(std::begin(kPaths), std::end(kPaths), path) != std::end(kPaths);
}

void put_fields(Writer& w, int level, const Json& object, const std::string& path) {
  for (const auto& [key, value] : object.items()) {
    std::string place = path + "." + key;
    if (shown_elsewhere(place)) continue;
    if (value.is_object()) {
      w.line(level, label_for(key), ":");
      put_fields(w, level + 1, value, place);
    } else if (value.is_array()) {
      w.line(level, label_for(key), ":");
      for (const Json& element : value) {
        if (element.is_object()) put_fields(w, level + 1, element, place);
        else w.line(level + 1, go_value(element));
      }
    } else {
      w.field(level, label_for(key), go_value(value));
    }
  }
}

}  // namespace

Status describe_fields(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, true);
  put_fields(w, 0, subject.object, "");
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
