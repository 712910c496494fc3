// ConfigMap, Secret, ServiceAccount, PriorityClass.
#include "base/strings.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"

namespace skerry::kubectl {
namespace {

std::string decoded(const Json& value) {
  return value.is_string() ? base64_decode(value.get_ref<const std::string&>()).value_or("") : "";
}

}  // namespace

Status describe_config_map(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, true);
  w.line(0, "\nData\n====");
  for (const auto& [key, value] : json::object_or_empty(json::find(subject.object, "data")).items()) {
    w.line(0, key, ":\n----");
    w.line(0, go_value(value));
    w.line(0);
  }
  w.line(0, "\nBinaryData\n====");
  for (const auto& [key, value] : json::object_or_empty(json::find(subject.object, "binaryData")).items())
    w.line(0, key, ": ", decoded(value).size(), " bytes");
  w.line(0);
  put_events_of(subject, w);
  return {};
}

Status describe_secret(const Subject& subject, Writer& w) {
  std::string type = json::str(subject.object, "type");
  put_metadata(w, subject.object, true);
  w.line(0, "\nType:\t", type);
  w.line(0, "\nData\n====");
  for (const auto& [key, value] : json::object_or_empty(json::find(subject.object, "data")).items()) {
    std::string bytes = decoded(value);
    if (key == "token" && type == "kubernetes.io/service-account-token") w.field(0, key, bytes);
    else w.field(0, key, bytes.size(), " bytes");
  }
  return {};
}

Status describe_service_account(const Subject& subject, Writer& w) {
  put_metadata(w, subject.object, true);
  const Json& secrets = json::array_or_empty(json::find(subject.object, "imagePullSecrets"));
  std::string_view title = "Image pull secrets:";
  if (secrets.empty()) w.line(0, title, "\t<none>");
  for (const Json& secret : secrets) {
    w.line(0, title, "\t", json::str(secret, "name"));
    title = "                   ";
  }
  put_events_of(subject, w);
  return {};
}

Status describe_priority_class(const Subject& subject, Writer& w) {
  w.field(0, "Name", subject.name());
  w.field(0, "Value", json::integer(subject.object, "value"));
  w.field(0, "GlobalDefault", json::boolean(subject.object, "globalDefault"));
  w.field(0, "PreemptionPolicy", json::str(subject.object, "preemptionPolicy"));
  w.field(0, "Description", json::str(subject.object, "description"));
  w.field(0, "Annotations", labels_text(json::find(subject.object, {"metadata", "annotations"})));
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
