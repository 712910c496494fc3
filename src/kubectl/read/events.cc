// kubectl events.
#include <algorithm>

#include "base/strings.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/printing.h"
#include "kubectl/read/commands.h"
#include "kubectl/read/event_rows.h"
#include "kubectl/read/typed_json.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             all_namespaces_flag(),
             {"chunk-size", 0, kInt, "500", "Return large lists in chunks rather than all at once. Pass 0 to disable."},
             {"for", 0, kString, "", "Filter events to only those pertaining to the specified resource."},
             {"no-headers", 0, kBool, "false", "When using the default output format, don't print headers."},
             {"types", 0, kStrings, "", "Output only events of given types."},
             {"watch", 'w', kBool, "false", "After listing the requested events, watch for more events."},
         } +
         print_flags();
}

class Events {
 public:
  explicit Events(Session& s) : s_(s) {}

  Result<int> run() {
    everywhere_ = s_.flags.boolean("all-namespaces");
    if (!everywhere_) ns_ = TRY(s_.ns());
    types_ = s_.flags.list("types");
    for (auto& t : types_)
      if (to_lower(t) != "normal" && to_lower(t) != "warning") return plain_error("valid --types are Normal or Warning");
    bool known = true;
    if (auto about = s_.flags.text("for"); !about.empty()) known = TRY(set_subject(about));
    if (!known) return 1;
    auto format_flags = output_flags_of(s_);
    format_flags.no_headers = false;
    format_ = TRY(output::parse_output_format(format_flags, {}));
    return s_.flags.boolean("watch") ? watch() : list();
  }

 private:
  // False, with the reason shown, where the server has no such kind.
  Result<bool> set_subject(const std::string& about) {
    auto slash = about.find('/');
    if (slash == std::string::npos) return plain_error("--for must be in resource/name form");
    if (about.find('/', slash + 1) != std::string::npos) return plain_error("arguments in resource/name form may not have more than one slash");
    std::string type = about.substr(0, slash), name = about.substr(slash + 1);
    if (type.empty() || name.empty()) return plain_error("arguments in resource/name form must have a single resource and name");
    auto* discovery = TRY(s_.discovery());
    auto mapping = discovery->by_resource(type);
    if (!mapping && mapping.error().code == 0 && starts_with(mapping.error().message, "the server doesn't have a resource type")) {
      s_.err << mapping.error().message << '\n';
      return false;
    }
    Mapping m = TRY(std::move(mapping));
    options_.field_selector = "involvedObject.kind=" + m.kind + ",involvedObject.apiVersion=" + m.api_version() + ",involvedObject.name=" + name;
    return true;
  }

  bool wanted(const Json& event) const {
    if (types_.empty()) return true;
    std::string type = to_lower(json::str(event, "type"));
    return std::any_of(types_.begin(), types_.end(), [&](const std::string& t) { return to_lower(t) == type; });
  }

  Json shown(const Json& event) const { return s_.flags.boolean("show-managed-fields") ? event : output::without_managed_fields(event); }

  Result<int> list() {
    options_.chunk = s_.flags.number("chunk-size");
    auto* objects = TRY(s_.objects());
    Json answer = TRY(objects->list(event_mapping(), ns_, options_));
    std::vector<Json> events;
    for (auto& e : answer["items"])
      if (wanted(e)) events.push_back(std::move(e));
    if (events.empty()) {
      s_.err << (everywhere_ ? std::string("No events found.\n") : "No events found in " + ns_ + " namespace.\n");
      return 0;
    }
    sort_events(events);
    if (format_.format == output::Format::kTable) {
      for (auto& e : events) add_row(e);
      s_.out << writer_.flush();
      return 0;
    }
    if (format_.format == output::Format::kName) {
      for (auto& e : events) TRY(print_typed(s_, format_, typed_event(e)));
      return 0;
    }
    output::OrderedJson result;
    result["kind"] = "EventList";
    result["apiVersion"] = "v1";
    result["metadata"] = output::OrderedJson::object();
    result["items"] = output::OrderedJson::array();
    for (auto& e : events) result["items"].push_back(typed_event(shown(e)));
    TRY(print_typed(s_, format_, result));
    return 0;
  }

  Result<int> watch() {
    options_.chunk = 0;
    auto* objects = TRY(s_.objects());
    Status failure;
    TRY(objects->watch(event_mapping(), ns_, options_, [&](const std::string& type, Json event) {
      if (type == "ERROR") {
        failure = plain_error(json::str(event, "message"));
        return false;
      }
      if (type == "DELETED" || type == "BOOKMARK" || !wanted(event)) return true;
      if (format_.format == output::Format::kTable) {
        add_row(event);
        s_.out << writer_.flush();
      } else {
        failure = print_typed(s_, format_, typed_event(shown(event)));
      }
      s_.out << std::flush;
      return failure.has_value() && bool(s_.out);
    }));
    TRY(std::move(failure));
    return 0;
  }

  void add_row(const Json& event) {
    if (!std::exchange(headed_, true) && !s_.flags.boolean("no-headers"))
      writer_.write(std::string(everywhere_ ? "NAMESPACE\t" : "") + "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
    writer_.write((everywhere_ ? json::str(event, {"metadata", "namespace"}) + '\t' : "") + event_row(event, SystemClock().now()) + '\n');
  }

  static Mapping event_mapping() { return mapping_of("v1", "events", "Event", true); }

  Session& s_;
  std::string ns_;  // empty: all
  bool everywhere_ = false, headed_ = false;
  std::vector<std::string> types_;
  ListOptions options_;
  output::OutputFormat format_;
  output::TabWriter writer_ = output::TabWriter::for_tables();
};

Result<int> run(Session& s) { return Events(s).run(); }

}  // namespace

constexpr Command kEvents{
    .use = "events [(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] "
           "[--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
    .brief = "List events",
    .text = "Show what happened in a namespace, in all of them, or to one object, oldest first.",
    .examples = "  # What happened in the current namespace\n  kubectl events\n\n"
                "  # Warnings in all namespaces\n  kubectl events --all-namespaces --types=Warning\n\n"
                "  # What happens to one pod, as it happens\n  kubectl events --for pod/web-0 --watch\n",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
