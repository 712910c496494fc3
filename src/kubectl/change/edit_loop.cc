#include "kubectl/change/edit_loop.h"

#include <unistd.h>

#include "base/strings.h"
#include "json/yaml.h"
#include "kubectl/change/editor.h"
#include "output/json_text.h"
#include "output/printer.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kHead =
    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
    "# and an empty file will abort the edit. If an error occurs while saving this file will be\n"
    "# reopened with the relevant failures.\n#\n";

std::string without_comments(std::string_view text) {
  std::string out;
  for (auto line : split(text, '\n'))
    if (!starts_with(line, "#")) out += std::string(line) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

std::string as_comment(const std::string& text) {
  std::string out;
  for (auto line : split(trim(text), '\n')) out += "# " + std::string(line) + "\n";
  return out;
}

}  // namespace

Result<int> edit_loop(Session& s, const std::vector<Item>& items, const std::string& file_prefix, const SaveEdited& save) {
  bool as_json = s.flags.text("output") == "json";
  bool keep_managed = s.flags.boolean("show-managed-fields");
  auto shown_object = [&](const Item& item) { return keep_managed ? item.object : output::without_managed_fields(item.object); };
  Json document;
  if (items.size() == 1) {
    document = shown_object(items[0]);
  } else {
    document = {{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", {}}, {"items", Json::array()}};
    for (auto& item : items) document["items"].push_back(shown_object(item));
  }
  const std::string original = as_json ? output::dump_json(document) + "\n" : json::dump_yaml(document);
  std::string shown = original, trouble;
  for (;;) {
    std::string text = std::string(kHead) + trouble + shown;
    auto edited = TRY(edit_text(text, file_prefix, as_json ? ".json" : ".yaml"));
    std::string body = without_comments(edited.text);
    auto leave = [&](const std::string& message) {
      ::unlink(edited.path.c_str());
      s.err << message << '\n';
      return 0;
    };
    if (trim(body).empty()) return leave("Edit cancelled, saved file was empty.");
    if (trouble.empty() && body == without_comments(original)) return leave("Edit cancelled, no changes made.");
    if (!trouble.empty() && body == without_comments(shown)) {
      // Nothing was mended: the text stays where the user finds it.
      s.err << "error: Edit cancelled, no valid changes were saved.\nA copy of your changes has been stored to \"" << edited.path << "\"\n";
      return 1;
    }
    shown = body;
    trouble.clear();
    auto parsed = json::parse_yaml(body, json::DuplicateKeys::kLastWins);
    if (!parsed) {
      trouble = "# The edited file had a syntax error: " + parsed.error().message + "\n#\n";
      s.err << "error: the edited file had a syntax error: " << parsed.error().message << '\n';
      ::unlink(edited.path.c_str());
      continue;
    }
    std::vector<Json> objects;
    if (items.size() == 1) objects.push_back(*parsed);
    else for (auto& o : json::array_or_empty(json::find(*parsed, "items"))) objects.push_back(o);
    bool all_skipped = true;
    for (auto& o : objects) {
      const Item* item = items.size() == 1 ? &items[0] : nullptr;
      for (auto& i : items)
        if (!item && json::str(o, "kind") == i.mapping.kind && json::str(o, {"metadata", "name"}) == i.name && json::str(o, {"metadata", "namespace"}) == i.ns) item = &i;
      if (!item) {
        trouble += "# " + json::str(o, "kind") + " \"" + json::str(o, {"metadata", "name"}) + "\" is none of the objects being edited\n#\n";
        continue;
      }
      auto saved = save(*item, o);
      if (saved) {
        if (*saved != "skipped") all_skipped = false;
        continue;
      }
      std::string why = error_text(saved.error(), s.path);
      s.out << std::flush;
      s.err << why;
      if (saved.error().code == 0 && starts_with(saved.error().message, "Unable to connect")) return 1;
      trouble += "# " + item->mapping.resource + " \"" + item->name + "\" was not valid:\n" + as_comment(why) + "#\n";
    }
    if (trouble.empty()) {
      ::unlink(edited.path.c_str());
      if (all_skipped) s.err << "Edit cancelled, no changes made.\n";
      return 0;
    }
    ::unlink(edited.path.c_str());
  }
}

}  // namespace skerry::kubectl
