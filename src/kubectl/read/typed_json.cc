#include "kubectl/read/typed_json.h"

#include "kubectl/printing.h"

namespace skerry::kubectl {

Status print_typed(Session& session, const output::OutputFormat& format, const output::OrderedJson& object) {
  if (format.format == output::Format::kJson) {
    session.out << output::dump_json(object) << '\n';
    return {};
  }
  auto printer = TRY(output::make_printer(format, output_flags_of(session), template_reader(session)));
  return printer->print(Json::parse(object.dump()), session.out);
}

output::OrderedJson in_order(const Json& object, std::span<const std::string_view> keys) {
  output::OrderedJson out = output::OrderedJson::object();
  for (auto key : keys)
    if (auto it = object.find(key); it != object.end()) out[std::string(key)] = *it;
  for (auto& [key, value] : json::object_or_empty(object).items())
    if (!out.contains(key)) out[key] = value;
  return out;
}

output::OrderedJson metadata_in_order(const Json& metadata) {
  static constexpr std::string_view kKeys[] = {"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
                                               "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers"};
  return in_order(metadata, kKeys);
}

}  // namespace skerry::kubectl
