#include "kubectl/change/raw.h"

#include "base/strings.h"
#include "kubectl/sources.h"

namespace skerry::kubectl {

Result<int> send_raw(Session& s, std::string_view method, bool needs_body) {
  auto files = s.flags.list("filename");
  if (needs_body ? files.size() != 1 : files.size() > 1) return plain_error("--raw can only use a single local file or stdin");
  for (auto& f : files)
    if (starts_with(f, "http://") || starts_with(f, "https://")) return plain_error("--raw cannot read from a url");
  if (s.flags.has("recursive") && s.flags.boolean("recursive")) return plain_error("--raw and --recursive are mutually exclusive");
  if (!s.flags.text("output").empty()) return plain_error("--raw and --output are mutually exclusive");
  RestRequest request = TRY(raw_request(method, s.flags.text("raw")));
  if (!files.empty()) request.body = TRY(read_text(files[0], s.in));
  auto* rest = TRY(s.rest());
  auto answer = TRY(rest->send(request));
  s.out << answer.body;
  return 0;
}

}  // namespace skerry::kubectl
