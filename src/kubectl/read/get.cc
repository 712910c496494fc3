// kubectl get.
#include <algorithm>
#include <sstream>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"
#include "json/yaml.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"
#include "kubectl/printing.h"
#include "kubectl/read/commands.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"
#include "output/custom_columns.h"
#include "output/json_text.h"
#include "output/printer.h"
#include "output/sort.h"
#include "output/table_printer.h"

namespace skerry::kubectl {

namespace {

constexpr std::string_view kTableAccept =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             all_namespaces_flag(),
             {"chunk-size", 0, kInt, "500",
              "Return large lists in chunks rather than all at once. Pass 0 to disable."},
             field_selector_flag(),
             {"ignore-not-found", 0, kBool, "false", "If set to true, suppresses NotFound error for specific objects that do not exist."},
             {"label-columns", 'L', kStrings, "",
              "Accepts a comma separated list of labels that are going to be presented as columns. Names are case-sensitive. You can also use multiple "
              "flag options like -L label1 -L label2..."},
             {"no-headers", 0, kBool, "false", "When using the default or custom-column output format, don't print headers (default print headers)."},
             {"output-watch-events", 0, kBool, "false", "Output watch event objects when --watch or --watch-only is used. Existing objects are output as initial ADDED events."},
             {"raw", 0, kString, "", "Raw URI to request from the server. Uses the transport specified by the kubeconfig file."},
             selector_flag(),
             {"server-print", 0, kBool, "true",
              "If true, have the server return the appropriate table output. Supports extension APIs and CRDs."},
             {"show-kind", 0, kBool, "false", "If present, list the resource type for the requested object(s)."},
             {"show-labels", 0, kBool, "false", "When printing, show all labels as the last column (default hide labels column)"},
             {"sort-by", 0, kString, "",
              "If non-empty, sort list types using this field specification. The field specification is expressed as a JSONPath expression (e.g. "
              "'{.metadata.name}'). The field in the API resource specified by this JSONPath expression must be an integer or a string."},
             {"subresource", 0, kString, "", "If specified, gets the subresource of the requested object. This flag is beta and may change in the future."},
             {"watch", 'w', kBool, "false", "After listing/getting the requested object, watch for changes."},
             {"watch-only", 0, kBool, "false", "Watch for changes to the requested object(s), without listing/getting first."},
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to get from a server.") + print_flags();
}

class Get {
 public:
  explicit Get(Session& s) : s_(s), f_(s.flags) {}

  Result<int> run() {
    if (!f_.text("raw").empty()) return raw();
    watch_ = f_.boolean("watch") || f_.boolean("watch-only");
    if (!watch_ && s_.words().empty() && f_.list("filename").empty() && f_.text("kustomize").empty()) {
      s_.err << "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n";
      return usage_error("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).");
    }
    if (watch_ && !f_.text("sort-by").empty())
      s_.err << (f_.boolean("watch") ? "warning: --watch requested, --sort-by will be ignored for watch events received\n"
                                     : "warning: --watch-only requested, --sort-by will be ignored\n");
    if (f_.boolean("output-watch-events") && !watch_)
      return plain_error("--output-watch-events option can only be used with --watch or --watch-only");
    if (f_.changed("show-labels") && f_.boolean("show-labels")) {
      std::string o = f_.text("output");
      if (!o.empty() && o != "wide") return plain_error("--show-labels option cannot be used with " + o + " printer");
    }
    out_flags_ = output_flags_of(s_);
    format_ = TRY(output::parse_output_format(out_flags_, {.name = true, .table = true, .custom_columns = true}));
    table_ = format_.format == output::Format::kTable || format_.format == output::Format::kWide;
    // What files hold is asked for anew.
    auto selected = TRY(select(s_, selection_of(s_), {.subresource = f_.text("subresource"), .single_type = watch_, .bare_types = BareTypes::kAsList}));
    single_ = selected.single;
    errors_ = std::move(selected.errors);
    if (watch_) return watch(selected.items);
    if (table_) TRY(print_tables(selected.items));
    else TRY(print_objects(selected.items));
    for (auto& e : errors_) s_.fail(e);
    return 0;
  }

 private:
  Result<int> raw() {
    if (!s_.words().empty()) return plain_error("arguments may not be passed when --raw is specified");
    if (f_.boolean("watch") || f_.boolean("watch-only") || !f_.text("selector").empty())
      return plain_error("--raw may not be specified with other flags that filter the server request or alter the output");
    if (!f_.text("output").empty()) return plain_error("--raw and --output are mutually exclusive");
    RestRequest request = TRY(raw_request("GET", f_.text("raw")));
    request.accept = "*/*";
    auto* rest = TRY(s_.rest());
    TRY(rest->stream(request, [&](std::string_view chunk) {
      s_.out << chunk;
      return bool(s_.out);
    }));
    return 0;
  }

  bool ignorable(const Error& e) const { return f_.boolean("ignore-not-found") && e.code == 404 && e.is(Reason::kNotFound); }

  RestRequest request_for(const Item& item) const {
    RestRequest r{.path = item.mapping.path(item.ns, item.name, item.name.empty() ? "" : f_.text("subresource"))};
    if (item.name.empty()) {
      if (auto s = f_.text("field-selector"); !s.empty()) r.query.emplace_back("fieldSelector", s);
      if (auto s = f_.text("selector"); !s.empty()) r.query.emplace_back("labelSelector", s);
    }
    if (table_ && f_.boolean("server-print")) {
      r.accept = kTableAccept;
      if (!f_.text("sort-by").empty()) r.query.emplace_back("includeObject", "Object");
    }
    return r;
  }

  // All pages of an item, one after the other.
  Status pages(const Item& item, const std::function<Status(Json)>& each) {
    auto* rest = TRY(s_.rest());
    std::string next;
    int64_t chunk = item.name.empty() && f_.text("sort-by").empty() ? f_.number("chunk-size") : 0;
    do {
      RestRequest r = request_for(item);
      if (chunk != 0) r.query.emplace_back("limit", std::to_string(chunk));
      if (!next.empty()) r.query.emplace_back("continue", next);
      auto answer = rest->json(r);
      if (!answer) return item.name.empty() ? list_error(answer.error(), item.mapping, f_.text("selector"), f_.text("field-selector")) : answer.error();
      Json page = std::move(*answer);
      next = json::str(page, {"metadata", "continue"});
      TRY(each(std::move(page)));
    } while (!next.empty());
    return {};
  }

  // Items whose parts failed are reported at the end; failures to reach the server end everything.
  Status fetch(const Item& item, const std::function<Status(Json)>& each) {
    auto status = pages(item, each);
    if (!status && status.error().code == 0) return status;
    if (!status && !ignorable(status.error())) errors_.push_back(status.error());
    return {};
  }

  output::TableOptions table_options(const Mapping& m, bool with_kind) const {
    output::TableOptions o;
    o.no_headers = f_.boolean("no-headers");
    o.wide = format_.format == output::Format::kWide;
    o.with_namespace = f_.boolean("all-namespaces") && m.namespaced;
    o.show_labels = f_.boolean("show-labels");
    o.column_labels = f_.list("label-columns");
    o.with_kind = with_kind || f_.boolean("show-kind");
    o.kind = m.singular_name();
    o.event_column = f_.boolean("output-watch-events");
    return o;
  }

  // Of several kinds, named objects are read before anything is shown: only kinds that something was found of count as several.
  Result<std::vector<std::pair<Item, Json>>> read_named(const std::vector<Item>& items) {
    std::vector<std::pair<Item, Json>> out;
    for (auto& item : items) {
      TRY(fetch(item, [&](Json page) -> Status {
        out.emplace_back(item, std::move(page));
        return {};
      }));
    }
    return out;
  }

  static bool of_several_kinds(const std::vector<Item>& items) {
    bool several = false;
    for (auto& i : items) several |= i.mapping.kind != items[0].mapping.kind || i.mapping.group != items[0].mapping.group;
    return several;
  }

  Status print_tables(std::vector<Item> items) {
    std::vector<std::pair<Item, Json>> read;
    bool ahead = of_several_kinds(items) && std::all_of(items.begin(), items.end(), [](auto& i) { return !i.name.empty(); });
    if (ahead) {
      read = TRY(read_named(items));
      items.clear();
      for (auto& [item, page] : read) items.push_back(item);
    }
    const bool several = of_several_kinds(items);
    auto now = SystemClock().now();
    std::string sort_by = f_.text("sort-by");
    bool written = false;
    size_t rows = 0;
    for (size_t i = 0; i < items.size();) {
      // One table for all that follow each other with the same kind.
      size_t end = i + 1;
      while (end < items.size() && items[end].mapping.resource == items[i].mapping.resource && items[end].mapping.group == items[i].mapping.group) ++end;
      output::TablePrinter printer(table_options(items[i].mapping, several));
      output::TabWriter writer = output::TabWriter::for_tables();
      Json merged;
      for (; i < end; ++i) {
        auto show = [&](Json page) -> Status {
          size_t n = page.contains("rows") && page["rows"].is_array() ? page["rows"].size() : page.contains("items") ? page["items"].size() : 1;
          rows += n;
          if (n == 0) return {};
          if (sort_by.empty()) return printer.print(page, writer, now);
          if (merged.is_null()) merged = std::move(page);
          else for (auto& row : page["rows"]) merged["rows"].push_back(std::move(row));
          return {};
        };
        if (ahead) TRY(show(std::move(read[i].second)));
        else TRY(fetch(items[i], show));
      }
      if (!merged.is_null()) {
        // As the stock client: rows that cannot be sorted are not shown at all.
        bool sorted = !merged.contains("rows") || merged["rows"].size() < 2 || output::sort_table(merged, sort_by);
        if (sorted) TRY(printer.print(merged, writer, now));
        else rows = 0;
      }
      std::string text = writer.flush();
      if (text.empty()) continue;
      if (written && !f_.boolean("no-headers")) s_.out << '\n';
      s_.out << text;
      written = true;
    }
    if (rows == 0 && errors_.empty() && !f_.boolean("ignore-not-found")) TRY(say_nothing_found(items));
    return {};
  }

  Status say_nothing_found(const std::vector<Item>& items) {
    bool namespaced = false;
    for (auto& i : items) namespaced |= i.mapping.namespaced;
    if (f_.boolean("all-namespaces") || !namespaced) {
      s_.err << "No resources found\n";
    } else {
      s_.err << "No resources found in " << TRY(s_.ns()) << " namespace.\n";
    }
    return {};
  }

  Status print_objects(const std::vector<Item>& items) {
    std::vector<Json> objects;
    for (auto& item : items) {
      TRY(fetch(item, [&](Json page) -> Status {
        if (!item.name.empty()) {
          objects.push_back(std::move(page));
          return {};
        }
        std::string kind = json::str(page, "kind"), api_version = json::str(page, "apiVersion");
        for (auto& o : page["items"]) {
          if (!o.contains("kind")) o["kind"] = item.mapping.kind;
          if (!o.contains("apiVersion")) o["apiVersion"] = api_version;
          objects.push_back(std::move(o));
        }
        return {};
      }));
    }
    if (objects.empty() && (single_ || !errors_.empty() || f_.boolean("ignore-not-found"))) {
      if (single_ || f_.boolean("ignore-not-found")) return {};
    }
    std::string sort_by = f_.text("sort-by");
    if (!sort_by.empty() && objects.size() > 1) TRY(output::sort_objects(objects, sort_by));
    if (format_.format == output::Format::kCustomColumns) return print_columns(objects);
    auto printer = TRY(output::make_printer(format_, out_flags_, template_reader(s_)));
    if (objects.size() == 1 && single_) return printer->print(objects[0], s_.out);
    if (format_.format == output::Format::kName) {
      for (auto& o : objects) TRY(printer->print(o, s_.out));
      return {};
    }
    Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"metadata", {{"resourceVersion", ""}}}, {"items", Json::array()}};
    for (auto& o : objects) list["items"].push_back(std::move(o));
    return printer->print(list, s_.out);
  }

  Status print_columns(const std::vector<Json>& objects) {
    auto columns = TRY(parse_columns());
    output::TabWriter writer = output::TabWriter::for_tables();
    if (!f_.boolean("no-headers")) columns.print_header(writer);
    Status done;
    for (auto& o : objects)
      if (done) done = columns.print_row(o, writer);
    s_.out << writer.flush();  // also the header before an error
    return done;
  }

  Result<output::CustomColumns> parse_columns() {
    if (!format_.from_file) return output::CustomColumns::parse(format_.argument);
    auto text = template_reader(s_)(format_.argument);
    if (!text) return plain_error("error reading template " + format_.argument + ", " + text.error().message);
    return output::CustomColumns::parse_template(*text);
  }

  // ---- watching ----

  Result<int> watch(const std::vector<Item>& items) {
    for (auto& e : errors_) return e;
    for (auto& i : items)
      if (i.mapping.kind != items[0].mapping.kind || i.mapping.group != items[0].mapping.group)
        return plain_error("watch is only supported on individual resources and resource collections - more than 1 resource was found");
    if (items.empty()) return plain_error("no objects to watch");
    const Item& item = items[0];
    printer_.emplace(table_options(item.mapping, false));
    if (format_.format == output::Format::kCustomColumns) columns_ = TRY(parse_columns());
    else if (!table_) objects_printer_ = TRY(output::make_printer(format_, out_flags_, template_reader(s_)));
    std::string revision = "0";  // of one object: it comes once more, as the first event, however long ago it changed
    auto* rest = TRY(s_.rest());
    for (auto& i : items) {
      auto first = rest->json(request_for(i));
      if (!first) return i.name.empty() ? list_error(first.error(), i.mapping, f_.text("selector"), f_.text("field-selector")) : first.error();
      if (i.name.empty()) revision = json::str(*first, {"metadata", "resourceVersion"});
      TRY(print_first(i, std::move(*first)));
    }
    s_.out << watch_writer_.flush() << std::flush;
    if (items.size() > 1) return plain_error("you may only watch a single resource or type of resource at a time");
    ListOptions options{.label_selector = item.name.empty() ? f_.text("selector") : "",
                        .field_selector = item.name.empty() ? f_.text("field-selector") : "metadata.name=" + item.name,
                        .chunk = 0, .resource_version = revision};
    auto* objects = TRY(s_.objects());
    Status failure;
    bool known = !item.name.empty();  // the next event is the object as it was printed
    auto on_event = [&](const std::string& type, Json object) {
      if (type == "BOOKMARK") return true;
      if (std::exchange(known, false) && type != "ERROR") return true;
      if (type == "ERROR") {
        failure = api_error(object);
        return false;
      }
      failure = print_event(type, object);
      s_.out << std::flush;
      return failure.has_value() && bool(s_.out);
    };
    TRY(objects->watch(item.mapping, item.ns, options, on_event, 0, table_ && f_.boolean("server-print") ? kTableAccept : "application/json"));
    TRY(std::move(failure));
    return 0;
  }

  // What there is when the watch begins.
  Status print_first(const Item& item, Json first) {
    if (f_.boolean("watch-only")) return {};
    if (std::string sort_by = f_.text("sort-by"); !sort_by.empty() && table_ && first.contains("rows") && first["rows"].size() > 1)
      (void)output::sort_table(first, sort_by);
    if (item.name.empty() && !table_) {
      for (auto& o : first["items"]) {
        if (!o.contains("kind")) o["kind"] = item.mapping.kind;
        if (!o.contains("apiVersion")) o["apiVersion"] = first["apiVersion"];
        TRY(print_event("ADDED", o));
      }
    } else if (table_) {
      if (!first.contains("rows") || !first["rows"].empty()) TRY(printer_->print(first, watch_writer_, SystemClock().now(), f_.boolean("output-watch-events") ? "ADDED" : ""));
    } else {
      TRY(print_event("ADDED", first));
    }
    return {};
  }

  static Error api_error(const Json& status) {
    Error e(reason_from_name(json::str(status, "reason")), json::str(status, "message"));
    e.code = static_cast<int>(json::integer(status, "code", 500));
    return e;
  }

  Status print_event(const std::string& type, const Json& object) {
    bool with_type = f_.boolean("output-watch-events");
    if (table_) {
      TRY(printer_->print(object, watch_writer_, SystemClock().now(), with_type ? type : ""));
      s_.out << watch_writer_.flush();
      return {};
    }
    if (columns_) {
      if (!f_.boolean("no-headers") && !printed_columns_) columns_->print_header(watch_writer_);
      printed_columns_ = true;
      TRY(columns_->print_row(object, watch_writer_));
      s_.out << watch_writer_.flush();
      return {};
    }
    if (with_type && format_.format != output::Format::kName) return print_whole_event(type, object);
    return objects_printer_->print(object, s_.out);
  }

  Status print_whole_event(const std::string& type, const Json& object) {
    Json shown = out_flags_.show_managed_fields ? object : output::without_managed_fields(object);
    if (format_.format == output::Format::kJson) {
      s_.out << "{\"type\":" << json::dump(Json(type)) << ",\"object\":" << output::dump_json(shown, -1) << "}\n";
      return {};
    }
    Json event = {{"type", type}, {"object", std::move(shown)}};
    if (format_.format != output::Format::kYaml) return objects_printer_->print(event, s_.out);
    s_.out << (std::exchange(printed_event_, true) ? "---\n" : "") << json::dump_yaml(event);
    return {};
  }

  Session& s_;
  const Flags& f_;
  bool watch_ = false, table_ = false, single_ = false, printed_columns_ = false, printed_event_ = false;
  output::OutputFlags out_flags_;
  output::OutputFormat format_;
  std::vector<Error> errors_;
  output::TabWriter watch_writer_ = output::TabWriter::for_tables();  // one for all events: columns never get narrower
  std::optional<output::TablePrinter> printer_;
  std::optional<output::CustomColumns> columns_;
  std::unique_ptr<output::Printer> objects_printer_;
};

Result<int> run(Session& s) { return Get(s).run(); }

}  // namespace

constexpr Command kGet{
    .use = "get [(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|"
           "custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
    .brief = "Display one or many resources",
    .text = "Show the most important information about objects, as a table or in the form that -o asks for. Without names all objects of the kinds are "
            "listed, in the current namespace unless -A is given; labels and fields narrow the list. Use \"kubectl api-resources\" for the kinds there are.",
    .examples = "  # All pods, with more columns\n  kubectl get pods -o wide\n\n"
                "  # One object as YAML\n  kubectl get deployment web -o yaml\n\n"
                "  # The image of each pod's first container\n  kubectl get pods -o jsonpath='{range .items[*]}{.spec.containers[0].image}{\"\\n\"}{end}'\n\n"
                "  # Follow what happens to everything labelled app=web\n  kubectl get pods -l app=web --watch\n\n"
                "  # What a file describes, as the server has it\n  kubectl get -f web.yaml\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
