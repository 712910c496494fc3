#include "apiserver/media.h"

#include <algorithm>
#include <set>

#include "api/protobuf.h"
#include "base/strings.h"
#include "json/yaml.h"

namespace skerry::apiserver {
namespace {

constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";

struct Accepted {
  std::string type;
  std::vector<std::pair<std::string, std::string>> parameters;
  double q = 1;
  std::string parameter(std::string_view name) const {
    for (const auto& [k, v] : parameters)
      if (k == name) return v;
    return "";
  }
};

std::vector<Accepted> parse_accept(std::string_view accept) {
  std::vector<Accepted> out;
  for (auto item : split(accept, ',')) {
    if (out.size() == 32) break;
    auto parts = split(item, ';');
    Accepted a;
    a.type = to_lower(trim(parts[0]));
    if (a.type.empty()) continue;
    for (size_t i = 1; i < parts.size(); ++i) {
      size_t eq = parts[i].find('=');
      if (eq == std::string_view::npos) continue;
      std::string key = to_lower(trim(parts[i].substr(0, eq))), value(trim(parts[i].substr(eq + 1)));
      if (key == "q") a.q = std::strtod(value.c_str(), nullptr);
      else a.parameters.emplace_back(key, value);
    }
    out.push_back(std::move(a));
  }
  std::stable_sort(out.begin(), out.end(), [](const Accepted& a, const Accepted& b) { return a.q > b.q; });
  return out;
}

std::optional<Form::Encoding> encoding_of(const std::string& type) {
  if (type == "application/json" || type == "*/*" || type == "application/*") return Form::Encoding::kJson;
  if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml") return Form::Encoding::kYaml;
  if (type == kProtobuf) return Form::Encoding::kProtobuf;
  return std::nullopt;
}

// False: asks for a form that is not there.
bool set_form(const Accepted& a, bool transform, bool discovery, Form& form) {
  const std::string as = a.parameter("as"), group = a.parameter("g"), version = a.parameter("v");
  form.version = version;
  if (as.empty()) return true;
  if (discovery && as == "APIGroupDiscoveryList" && group == "apidiscovery.k8s.io" && (version == "v2" || version == "v2beta1"))
    return form.as = Form::As::kDiscovery, true;
  if (!transform || group != "meta.k8s.io" || (version != "v1" && version != "v1beta1")) return false;
  if (as == "Table") return form.as = Form::As::kTable, form.encoding != Form::Encoding::kProtobuf;
  if (as == "PartialObjectMetadata") return form.as = Form::As::kMetadata, true;
  if (as == "PartialObjectMetadataList") return form.as = Form::As::kMetadataList, true;
  return false;
}

Result<Form> choose(std::string_view accept, bool transform, bool discovery) {
  if (trim(accept).empty()) return Form{};
  for (const auto& a : parse_accept(accept)) {
    auto encoding = encoding_of(a.type);
    if (!encoding || a.q <= 0) continue;
    Form form;
    form.encoding = *encoding;
    form.pretty = a.parameter("pretty") == "1" || a.parameter("pretty") == "true";
    if (set_form(a, transform, discovery, form)) return form;
  }
  return Error(Reason::kNotAcceptable,
               "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf");
}

// Notes fields that a JSON object gives twice, by their path, as the parser meets them.
class DuplicateFinder {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        levels_.push_back({event == Event::array_start, {}, "", 0});
        break;
      case Event::key: {
        Level& level = levels_.back();
        level.key = parsed.get<std::string>();
        if (!level.seen.insert(level.key).second && duplicates.size() < 100) duplicates.push_back("duplicate field \"" + path() + "\"");
        break;
      }
      case Event::object_end:
      case Event::array_end:
        levels_.pop_back();
        count();
        break;
      case Event::value:
        count();
        break;
    }
    return true;
  }
  std::vector<std::string> duplicates;

 private:
  struct Level {
    bool array;
    std::set<std::string> seen;
    std::string key;
    size_t index;
  };
  void count() {
    if (!levels_.empty() && levels_.back().array) ++levels_.back().index;
  }
  std::string path() const {
    std::string out;
    for (const auto& level : levels_) {
      if (level.array) out += "[" + std::to_string(level.index) + "]";
      else out += (out.empty() ? "" : ".") + level.key;
    }
    return out;
  }
  std::vector<Level> levels_;
};

// The bound on depth comes from parse_json(), which runs first; only bodies that hold a key twice somewhere (rare) pay
// for the second pass.
std::vector<std::string> find_duplicates(std::string_view text) {
  DuplicateFinder finder;
  try {
    Json again = Json::parse(text.begin(), text.end(), std::ref(finder));
  } catch (const Json::exception&) {
    return {};
  }
  return finder.duplicates;
}

size_t count_keys(const Json& value) {
  size_t n = 0;
  if (value.is_object()) n += value.size();
  if (value.is_structured())
    for (const auto& v : value) n += count_keys(v);
  return n;
}

// How many keys a JSON text has: colons outside strings.
size_t count_keys(std::string_view text) {
  size_t n = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (in_string) {
      if (text[i] == '\\') ++i;
      else if (text[i] == '"') in_string = false;
    } else if (text[i] == '"') {
      in_string = true;
    } else if (text[i] == ':') {
      ++n;
    }
  }
  return n;
}

std::string media_type(std::string_view content_type) { return to_lower(trim(content_type.substr(0, content_type.find(';')))); }

}  // namespace

std::string_view Form::content_type() const {
  switch (encoding) {
    case Encoding::kYaml: return "application/yaml";
    case Encoding::kProtobuf: return kProtobuf;
    case Encoding::kJson: break;
  }
  return "application/json";
}

Result<Form> negotiate(std::string_view accept, bool transform) { return choose(accept, transform, false); }
Result<Form> negotiate_discovery(std::string_view accept) { return choose(accept, false, true); }

Result<Body> decode_body(std::string_view content_type, std::string_view text) {
  Body body;
  if (text.empty()) return body;
  const std::string type = media_type(content_type);
  if (type.empty() || type == "application/json") {
    auto value = json::parse_json(text);
    if (!value) return Error(Reason::kBadRequest, "the object provided is unrecognized (must be of type JSON): " + value.error().message);
    body.value = std::move(*value);
    if (count_keys(body.value) != count_keys(text)) body.warnings = find_duplicates(text);
  } else if (type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml") {
    body.value = TRY(json::parse_yaml(text));
  } else if (type == kProtobuf) {
    body.value = TRY(api::from_protobuf(text));
  } else {
    return Error(Reason::kUnsupportedMediaType,
                 "the body of the request was in an unknown format - accepted media types include: application/json, "
                 "application/yaml, application/vnd.kubernetes.protobuf");
  }
  return body;
}

Result<api::PatchType> patch_type(std::string_view content_type) {
  const std::string type = media_type(content_type);
  if (type == "application/json-patch+json") return api::PatchType::kJson;
  if (type == "application/merge-patch+json") return api::PatchType::kMerge;
  if (type == "application/strategic-merge-patch+json") return api::PatchType::kStrategic;
  if (starts_with(type, "application/apply-patch+")) return api::PatchType::kApply;
  return Error(Reason::kUnsupportedMediaType,
               "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
               "application/merge-patch+json, application/strategic-merge-patch+json");
}

Result<std::string> encode(const Json& value, const Form& form) {
  switch (form.encoding) {
    case Form::Encoding::kYaml: return json::dump_yaml(value);
    case Form::Encoding::kProtobuf: return api::to_protobuf(value);
    case Form::Encoding::kJson: break;
  }
  if (!form.pretty) return json::dump(value) + "\n";
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skerry::apiserver
