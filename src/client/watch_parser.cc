#include "client/watch_parser.h"

#include "base/strings.h"

namespace skerry::client {
namespace {

Result<api::EventType> parse_type(std::string_view name) {
  for (auto type : {api::EventType::kAdded, api::EventType::kModified, api::EventType::kDeleted,
                    api::EventType::kBookmark, api::EventType::kError})
    if (api::event_type_name(type) == name) return type;
  return Error(Reason::kBadRequest, "watch event of unknown type " + std::string(name.substr(0, 40)));
}

}  // namespace

Result<api::WatchEvent> parse_watch_line(std::string_view line) {
  // As API servers write it: then the object's bytes are taken as they are, without encoding them anew.
  constexpr std::string_view kStart = R"({"type":")", kMiddle = R"(","object":)";
  if (starts_with(line, kStart) && ends_with(line, "}")) {
    size_t at = line.find('"', kStart.size());
    if (at != std::string_view::npos && starts_with(line.substr(at), kMiddle)) {
      auto type = parse_type(line.substr(kStart.size(), at - kStart.size()));
      std::string_view object = line.substr(at + kMiddle.size());
      object.remove_suffix(1);
      if (type) {
        auto parsed = api::Object::from_bytes(make_bytes(std::string(object)));
        if (parsed) return api::WatchEvent{*type, std::move(*parsed)};
      }
    }
  }
  Json event = TRY(json::parse_json(line));
  auto type = TRY(parse_type(json::str(event, "type")));
  const Json& object = json::find(event, "object");
  if (!object.is_object()) return Error(Reason::kBadRequest, "watch event without an object");
  return api::WatchEvent{type, api::Object::from_json(object)};
}

Result<std::vector<api::WatchEvent>> WatchParser::feed(std::string_view bytes) {
  std::vector<api::WatchEvent> events;
  while (!bytes.empty()) {
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      if (rest_.size() + bytes.size() > kLongestLine)
        return Error(Reason::kRequestEntityTooLarge, "watch event is too long");
      rest_.append(bytes);
      break;
    }
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    std::string joined;
    if (!rest_.empty()) {
      if (rest_.size() + line.size() > kLongestLine)
        return Error(Reason::kRequestEntityTooLarge, "watch event is too long");
      joined = std::move(rest_);
      rest_ = std::string();
      joined.append(line);
      line = joined;
    }
    line = trim(line);
    if (!line.empty()) events.push_back(TRY(parse_watch_line(line)));
  }
  return events;
}

}  // namespace skerry::client
