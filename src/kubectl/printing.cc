#include "kubectl/printing.h"

#include "kubectl/sources.h"

namespace skerry::kubectl {

output::OutputFlags output_flags_of(const Session& s) {
  output::OutputFlags o;
  const Flags& f = s.flags;
  if (f.has("output")) o.output = f.text("output");
  if (f.has("template")) o.template_text = f.text("template");
  if (f.has("allow-missing-template-keys")) o.allow_missing_template_keys = f.boolean("allow-missing-template-keys");
  if (f.has("show-managed-fields")) o.show_managed_fields = f.boolean("show-managed-fields");
  if (f.has("no-headers")) o.no_headers = f.boolean("no-headers");
  return o;
}

output::FileReader template_reader(Session& session) {
  return [&session](const std::string& path) -> Result<std::string> {
    auto text = read_text(path, session.in);
    if (!text) return plain_error("open " + path + ": no such file or directory");
    return text;
  };
}

}  // namespace skerry::kubectl
