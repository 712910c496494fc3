// Render: responses of the pipeline as bytes, sharing the objects' own where nothing has to change.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/request.h"
#include "api/resource.h"
#include "api/table.h"
#include "apiserver/media.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace skerry::apiserver {

struct Rendered {
  std::string content_type;
  std::vector<Bytes> parts;
};

// `row`: of the objects; null for Status and the like.
Result<Rendered> render(const api::Response& response, const api::Resource* row, const Form& form,
                        const api::TableOptions& table, WallTime now);
// An Error as a Status, in the form's encoding (JSON where that fails).
Rendered render_error(const Error& error, const Form& form);

// The chunks of a watch: one JSON document a line, or length-prefixed protobuf.
class EventRenderer {
 public:
  // Not to be copied or moved: table_ refers into form_.
  EventRenderer(const api::Resource* row, Form form, api::TableOptions table, const Clock& clock)
      : row_(row), form_(std::move(form)), table_(table), clock_(clock) {
    if (!form_.version.empty()) table_.version = form_.version;
  }
  EventRenderer(const EventRenderer&) = delete;
  EventRenderer& operator=(const EventRenderer&) = delete;
  std::string content_type() const;
  void render(std::span<const api::WatchEvent> events, std::vector<Bytes>& out);

 private:
  Json transform(const api::WatchEvent& event);
  const api::Resource* row_;
  Form form_;
  api::TableOptions table_;
  const Clock& clock_;
};

}  // namespace skerry::apiserver
