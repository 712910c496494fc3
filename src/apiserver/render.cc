#include "apiserver/render.h"

#include "api/protobuf.h"

namespace skerry::apiserver {
namespace {

const Bytes kComma = make_bytes(",");
const Bytes kListEnd = make_bytes("]}\n");
const Bytes kNewline = make_bytes("\n");
const Bytes kEventEnd = make_bytes("}\n");

Bytes event_head(api::EventType type) {
  static const std::vector<Bytes> heads = [] {
    std::vector<Bytes> out;
    for (auto t : {api::EventType::kAdded, api::EventType::kModified, api::EventType::kDeleted, api::EventType::kBookmark, api::EventType::kError})
      out.push_back(make_bytes("{\"type\":\"" + std::string(api::event_type_name(t)) + "\",\"object\":"));
    return out;
  }();
  return heads[static_cast<size_t>(type)];
}

Json list_meta(const api::List& list) {
  Json meta = {{"resourceVersion", std::to_string(list.revision)}};
  if (!list.continue_token.empty()) meta["continue"] = list.continue_token;
  if (list.remaining) meta["remainingItemCount"] = *list.remaining;
  return meta;
}

Json list_head(const api::List& list, const api::Resource* row, const Form& form) {
  bool metadata = form.as == Form::As::kMetadata || form.as == Form::As::kMetadataList;
  if (metadata) return {{"kind", "PartialObjectMetadataList"}, {"apiVersion", "meta.k8s.io/" + form.version}, {"metadata", list_meta(list)}};
  return {{"kind", row ? std::string(row->list_kind) : "List"}, {"apiVersion", row ? row->api_version() : "v1"}, {"metadata", list_meta(list)}};
}

// For encodings and forms that need values.
Result<Json> value_of(const api::Response& response, const api::Resource* row, const Form& form,
                      const api::TableOptions& table, WallTime now) {
  bool metadata = form.as == Form::As::kMetadata || form.as == Form::As::kMetadataList;
  // A Status that answers a deletion stays a Status.
  bool own = row && response.object && form.as != Form::As::kObject && response.object->meta().name.size() > 0;
  if (response.list) {
    if (form.as == Form::As::kTable && row) return api::table_of_list(*row, *response.list, now, table);
    Json out = list_head(*response.list, row, form);
    Json& items = out["items"] = Json::array();
    for (const auto& item : response.list->items) items.push_back(metadata ? api::partial_metadata(item->json(), form.version) : item->json());
    return out;
  }
  if (form.as == Form::As::kTable && own) return api::table_of(*row, *response.object, now, table);
  if (metadata && own) return api::partial_metadata(response.object->json(), form.version);
  return response.object->json();
}

void append_list(const api::Response& response, const api::Resource* row, const Form& form, std::vector<Bytes>& parts) {
  const api::List& list = *response.list;
  std::string head = json::dump(list_head(list, row, form));
  head.pop_back();
  parts.reserve(list.items.size() * 2 + 2);
  parts.push_back(make_bytes(head + ",\"items\":["));
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) parts.push_back(kComma);
    parts.push_back(list.items[i]->bytes());
  }
  parts.push_back(kListEnd);
}

}  // namespace

Result<Rendered> render(const api::Response& response, const api::Resource* row, const Form& form,
                        const api::TableOptions& table, WallTime now) {
  Rendered out{std::string(form.content_type()), {}};
  bool as_stored = form.encoding == Form::Encoding::kJson && form.as == Form::As::kObject && !form.pretty;
  if (as_stored && response.list) {
    append_list(response, row, form, out.parts);
  } else if (as_stored && response.object) {
    out.parts = {response.object->bytes(), kNewline};
  } else if (response.list || response.object) {
    out.parts = {make_bytes(TRY(encode(TRY(value_of(response, row, form, table, now)), form)))};
  }
  return out;
}

Rendered render_error(const Error& error, const Form& form) {
  Json status = api::status_json(error);
  auto text = encode(status, form);
  if (!text) return {"application/json", {make_bytes(json::dump(status) + "\n")}};
  return {std::string(form.content_type()), {make_bytes(std::move(*text))}};
}

std::string EventRenderer::content_type() const {
  if (form_.encoding == Form::Encoding::kProtobuf) return "application/vnd.kubernetes.protobuf;stream=watch";
  return "application/json";
}

Json EventRenderer::transform(const api::WatchEvent& event) {
  Json object = event.object->json();
  if (event.type == api::EventType::kError || !row_) return object;
  if (form_.as == Form::As::kMetadata || form_.as == Form::As::kMetadataList) return api::partial_metadata(object, form_.version);
  if (form_.as == Form::As::kTable && event.type != api::EventType::kBookmark) {
    Json result = api::table_of(*row_, *event.object, clock_.now(), table_);
    table_.headers = false;
    return result;
  }
  return object;
}

void EventRenderer::render(std::span<const api::WatchEvent> events, std::vector<Bytes>& out) {
  for (const auto& event : events) {
    if (form_.encoding == Form::Encoding::kProtobuf) {
      auto encoded = api::to_protobuf(transform(event));
      if (!encoded) continue;
      // meta.WatchEvent {1: type, 2: RawExtension {1: raw}} behind a big-endian length.
      auto field = [](int number, const std::string& bytes) {
        std::string text(1, static_cast<char>(number << 3 | 2));
        size_t n = bytes.size();
        for (; n >= 0x80; n >>= 7) text.push_back(static_cast<char>(n | 0x80));
        text.push_back(static_cast<char>(n));
        return text + bytes;
      };
      std::string message = field(1, std::string(api::event_type_name(event.type))) + field(2, field(1, *encoded));
      std::string frame;
      for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(message.size() >> shift));
      out.push_back(make_bytes(frame + message));
      continue;
    }
    out.push_back(event_head(event.type));
    bool as_stored = form_.as == Form::As::kObject || event.type == api::EventType::kError;
    out.push_back(as_stored ? event.object->bytes() : make_bytes(json::dump(transform(event))));
    out.push_back(kEventEnd);
  }
}

}  // namespace skerry::apiserver
