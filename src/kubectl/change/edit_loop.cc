#include "kubectl/change/edit_loop.h"

#include <unistd.h>

#include "base/strings.h"
#include "json/yaml.h"
#include "kubectl/change/editor.h"
#include "kubectl/discovery.h"
#include "kubectl/yaml_error.h"
#include "output/go_format.h"
#include "output/json_text.h"
#include "output/kyaml.h"
#include "output/printer.h"

namespace skerry::kubectl {

namespace {

std::string without_comment_lines(std::string_view text) {
  std::string out;
  for (auto line : split(text, '\n'))
    if (!starts_with(trim(line), "#")) out += std::string(line) + "\n";
  if (!out.empty()) out.pop_back();
  return out;
}

bool has_lines(std::string_view text) {
  for (auto line : split(text, '\n'))
    if (auto t = trim(line); !t.empty() && t[0] != '#') return true;
  return false;
}

// A reason for which the file is opened again.
struct Complaint {
  std::string head{};
  std::vector<std::string> causes{};
};

// The lines of a text that become comments.
std::string commented(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) out += text[i] == '\n' && i + 1 < text.size() && text[i + 1] != '#' ? "\n# " : std::string(1, text[i]);
  return out;
}

class Loop {
 public:
  Loop(Session& session, const std::vector<Item>& items, const EditLoop& loop) : s_(session), items_(items), loop_(loop) {}

  Result<int> run() {
    std::string format = s_.flags.text("output");
    if (!format.empty() && format != "json" && format != "yaml" && format != "kyaml")
      return plain_error("unable to match a printer suitable for the output format " + output::go_quote(format) + ", allowed formats are: json,kyaml,yaml");
    json_ = format == "json";
    const std::string original = printed(format);
    std::string shown = original;
    for (bool failed = false;;) {
      std::string text = (json_ ? "" : head()) + shown;
      if (s_.flags.has("windows-line-endings") && s_.flags.boolean("windows-line-endings")) replace_all(text, "\n", "\r\n");
      reasons_.clear();
      auto edited = edit_text(text, "kubectl-edit-", json_ ? ".json" : ".yaml");
      if (!edited) return kept(edited.error());
      std::string before = std::exchange(file_, edited->path);
      if (failed && without_comments(shown) == without_comments(edited->text)) {
        ::unlink(before.c_str());
        return kept(plain_error("Edit cancelled, no valid changes were saved."));
      }
      if (!before.empty()) ::unlink(before.c_str());
      shown = without_comment_lines(edited->text);
      failed = false;
      if (std::string why = invalid(edited->text); !why.empty()) {
        s_.err << refused(items_[0], {"<nil>: Invalid value: \"The edited file failed validation\": " + why});
        failed = true;
        continue;
      }
      if (without_comments(original) == without_comments(edited->text)) return left("Edit cancelled, no changes made.");
      if (!has_lines(edited->text)) return left("Edit cancelled, saved file was empty.");
      std::vector<Item> objects;
      if (auto parsed = objects_of(edited->text, objects); !parsed) {
        reasons_.push_back({.head = "The edited file had a syntax error: " + parsed.error().message});
        failed = true;
        continue;
      }
      for (auto& o : objects)
        if (auto status = save(o); !status) return kept(status.error());
      s_.out << std::flush;
      if (!retry_.empty()) s_.err << "You can run `kubectl replace -f " << file_ << "` to try this update again.\n";
      else if (gone_) s_.err << "The edits you made on deleted resources have been saved to \"" << file_ << "\"\n";
      if (!retry_.empty() || gone_) return 1;
      if (reasons_.empty()) {
        ::unlink(file_.c_str());
        return 0;
      }
      failed = true;
    }
  }

 private:
  Json shown(const Json& object) const {
    return s_.flags.has("show-managed-fields") && s_.flags.boolean("show-managed-fields") ? object : output::without_managed_fields(object);
  }

  std::string printed(const std::string& format) const {
    Json document;
    if (items_.size() == 1) {
      document = shown(items_[0].object);
    } else {
      document = {{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", Json::object()}, {"items", Json::array()}};
      for (auto& item : items_) document["items"].push_back(shown(item.object));
    }
    if (format == "json") return output::dump_json(document) + "\n";
    return format == "kyaml" ? output::dump_kyaml(document) : json::dump_yaml(document);
  }

  std::string head() const {
    std::string out(loop_.head);
    for (auto& r : reasons_) {
      out += "# " + commented(r.head) + (r.causes.empty() ? "\n" : ":\n");
      for (auto& c : r.causes) out += "# * " + commented(c) + "\n";
      out += "#\n";
    }
    return out;
  }

  Result<int> left(std::string_view message) {
    ::unlink(file_.c_str());
    s_.err << message << '\n';
    return 0;
  }
  // The user's text stays where it can be found.
  Error kept(Error error) {
    s_.out << std::flush;
    if (!file_.empty() && ::access(file_.c_str(), F_OK) == 0) s_.err << "A copy of your changes has been stored to \"" << file_ << "\"\n";
    return error;
  }

  std::string refused(const Item& item, std::vector<std::string> causes) {
    std::string name = item.mapping.group_resource() + " \"" + item.name + "\"";
    reasons_.push_back({name + " was not valid", std::move(causes)});
    return "error: " + name + " is invalid\n";
  }

  // What --validate finds before the server is asked; empty: nothing.
  std::string invalid(const std::string& text) const {
    if (s_.flags.has("validate")) {
      std::string v = to_lower(s_.flags.text("validate"));
      if (v == "false" || v == "ignore" || v == "f" || v == "0") return "";
    }
    auto parsed = json::parse_yaml(text, json::DuplicateKeys::kLastWins);
    if (!parsed) return yaml_error(parsed.error().message, text);
    if (!parsed->is_object()) return "invalid object to validate";
    bool version = !json::str(*parsed, "apiVersion").empty(), kind = !json::str(*parsed, "kind").empty();
    if (!version && !kind) return "[apiVersion not set, kind not set]";
    return !version ? "apiVersion not set" : !kind ? "kind not set" : "";
  }

  Status objects_of(const std::string& text, std::vector<Item>& out) {
    auto parsed = json::parse_yaml(text, json::DuplicateKeys::kLastWins);
    if (!parsed) return plain_error("error parsing edited-file: error converting YAML to JSON: " + yaml_error(parsed.error().message, text));
    auto* discovery = TRY(s_.discovery());
    std::vector<Json> objects;
    if (json::str(*parsed, "kind") == "List" && parsed->contains("items"))
      for (auto& o : json::array_or_empty((*parsed)["items"])) objects.push_back(o);
    else objects.push_back(std::move(*parsed));
    for (auto& o : objects) {
      if (!o.is_object()) return plain_error("unable to decode \"edited-file\": not an object");
      Item item;
      item.mapping = TRY(discovery->by_kind(json::str(o, "apiVersion"), json::str(o, "kind")));
      item.name = json::str(o, {"metadata", "name"});
      item.ns = json::str(o, {"metadata", "namespace"});
      item.object = std::move(o);
      out.push_back(std::move(item));
    }
    return {};
  }

  Status save(const Item& edited) {
    const std::string uid = json::str(edited.object, {"metadata", "uid"});
    const Item* before = nullptr;
    for (auto& i : items_) {
      bool same = uid.empty() ? i.mapping.kind == edited.mapping.kind && i.name == edited.name && i.ns == edited.ns : true;
      if (!before && same && json::str(i.object, {"metadata", "uid"}) == uid) before = &i;
    }
    if (!before && items_.size() == 1 && uid.empty() && json::str(items_[0].object, {"metadata", "uid"}).empty()) before = &items_[0];
    if (!before) return plain_error("no original object found for " + edited.mapping.kind + " \"" + edited.name + "\"");
    if (before->mapping.namespaced && s_.ns_enforced() && !edited.ns.empty() && edited.ns != TRY(s_.ns()))
      return plain_error("the namespace from the provided object \"" + edited.ns + "\" does not match the namespace \"" + TRY(s_.ns()) + "\". You must pass '--namespace=" +
                         edited.ns + "' to perform this operation.");
    if (shown(before->object) == edited.object) return loop_.skipped ? loop_.skipped(*before) : Status();
    auto status = loop_.save(*before, edited);
    if (status || status.error().code == 0 || !loop_.ask_again) return status;
    const Error& e = status.error();
    s_.out << std::flush;
    std::string name = before->mapping.group_resource() + " \"" + before->name + "\"";
    if (e.is(Reason::kInvalid)) {
      std::vector<std::string> causes;
      if (e.details)
        for (auto& c : e.details->causes) causes.push_back(c.field + ": " + c.message);
      s_.err << refused(*before, std::move(causes));
    } else if (e.is(Reason::kNotFound)) {
      s_.err << "error: " << name << " could not be found on the server\n";
      gone_ = true;
    } else {
      s_.err << "error: " << name << " could not be patched: " << e.message << '\n';
      retry_ = name;
    }
    return {};
  }

  static void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  }

  Session& s_;
  const std::vector<Item>& items_;
  const EditLoop& loop_;
  bool json_ = false, gone_ = false;
  std::string file_{}, retry_{};
  std::vector<Complaint> reasons_{};
};

}  // namespace

std::string without_comments(std::string_view text) {
  if (auto parsed = json::parse_yaml(text, json::DuplicateKeys::kLastWins)) return json::dump(*parsed);
  return without_comment_lines(text);
}

Result<int> edit_loop(Session& session, const std::vector<Item>& items, const EditLoop& loop) { return Loop(session, items, loop).run(); }

}  // namespace skerry::kubectl
