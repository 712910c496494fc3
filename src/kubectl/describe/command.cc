// `kubectl describe`
#include <algorithm>

#include "base/strings.h"
#include "kubectl/completion.h"
#include "kubectl/describe/describe.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  return file_flags("Filename, directory, or URL to files containing the resource to describe") +
         std::vector<Flag>{
             selector_flag(),
             all_namespaces_flag(),
             {"chunk-size", 0, FlagType::kInt, "500",
              "Return large lists in chunks rather than all at once. Pass 0 to disable."},
             {"show-events", 0, FlagType::kBool, "true",
              "If true, display events related to the described object. Defaults to true for a single object, false "
              "for multiple objects and prefix matching."}};
}

// The objects whose name begins with the second word; `original` if there are none.
Result<int> describe_matching(Session& session, const Error& original, const DescribeOptions& options) {
  const std::string& prefix = session.words()[1];
  if (session.words()[0].find(',') != std::string::npos)
    return plain_error("you may only specify a single resource type");
  Selection selection = selection_of(session);
  selection.words = {session.words()[0]};
  selection.filenames.clear();
  selection.kustomize.clear();
  selection.label_selector.clear();
  Selected selected = TRY(select(session, selection, {.fetch = true, .bare_types = BareTypes::kEach}));
  if (!selected.errors.empty()) return selected.errors.front();
  bool any = false;
  for (const Item& item : selected.items) {
    if (!item.name.starts_with(prefix)) continue;
    any = true;
    std::string text = TRY(describe(session, item, options));
    session.out << text << "\n";
  }
  if (!any) return original;
  return 0;
}

Result<int> nothing_found(Session& session) {
  if (session.flags.boolean("all-namespaces")) {
    session.err << "No resources found\n";
  } else {
    std::string ns = TRY(session.ns());
    session.err << "No resources found in " << ns << " namespace.\n";
  }
  return 0;
}

// Errors of parts, shown at the end as the stock client shows a list of them: without "error:" where no server said
// them, and those of reading files in one.
class Failures {
 public:
  explicit Failures(Session& session) : session_(session) {}

  void add(const Error& error) {
    bool from_server = error.code != 0;
    add_text(from_server ? error_text(error, session_.path) : error.message + "\n");
  }
  void add_all(const std::vector<Error>& errors, bool of_files) {
    if (!of_files || errors.size() == 1) {
      for (const Error& error : errors) add(error);
      return;
    }
    std::vector<std::string> messages;
    for (const Error& error : errors)
      if (std::find(messages.begin(), messages.end(), error.message) == messages.end())
        messages.push_back(error.message);
    if (!messages.empty()) add_text("[" + join(messages, ", ") + "]\n");
  }
  bool any() const { return !texts_.empty(); }
  void show() const {
    for (const std::string& text : texts_) session_.err << text;
  }

 private:
  void add_text(std::string text) {
    if (std::find(texts_.begin(), texts_.end(), text) == texts_.end()) texts_.push_back(std::move(text));
  }

  Session& session_;
  std::vector<std::string> texts_;
};

Result<std::string> describe_item(Session& session, Item& item, const DescribeOptions& options) {
  if (!item.source.empty()) {  // what counts is the server's object, not that of the file
    Objects* objects = TRY(session.objects());
    item.object = TRY(objects->get(item.mapping, item.ns, item.name));
  }
  return describe(session, item, options);
}

Result<int> run(Session& session) {
  Selection selection = selection_of(session);
  if (selection.words.empty() && selection.filenames.empty() && selection.kustomize.empty())
    return plain_error(
        "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of "
        "supported resources.");
  Selected selected = TRY(select(session, selection, {.fetch = !selection.words.empty(), .bare_types = BareTypes::kEach}));

  DescribeOptions options{session.flags.boolean("show-events"), selection.chunk};
  if (!session.flags.changed("show-events") && (!selected.errors.empty() || selected.items.size() > 1))
    options.show_events = false;
  if (selected.errors.size() == 1 && selected.errors[0].is(Reason::kNotFound) && session.words().size() == 2)
    return describe_matching(session, selected.errors[0], options);

  Failures failures(session);
  failures.add_all(selected.errors, selection.words.empty());
  bool first = true;
  for (Item& item : selected.items) {
    auto text = describe_item(session, item, options);
    if (!text) {
      failures.add(text.error());
      continue;
    }
    session.out << (first ? "" : "\n\n") << *text;
    first = false;
  }
  failures.show();
  if (selected.items.empty() && !failures.any()) return nothing_found(session);
  return failures.any() ? 1 : 0;
}

}  // namespace

const Command kDescribe{
    .use = "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    .brief = "Show details of a specific resource or group of resources",
    .text = "Show details of a specific resource or group of resources.\n\n"
            "Tells what the selected objects are and how they are doing, with what belongs to them, such as events and "
            "controllers. Select one object by its name, all of a type, those with a label, or, where no object has "
            "exactly that name, all whose names begin with it.\n\n"
            "Use \"kubectl api-resources\" for a complete list of supported resources.",
    .examples =
        "  # Describe a node\n"
        "  kubectl describe nodes shop-1\n\n"
        "  # Describe a pod\n"
        "  kubectl describe pods/web\n\n"
        "  # Describe the object in a file\n"
        "  kubectl describe -f pod.json\n\n"
        "  # Describe all pods\n"
        "  kubectl describe pods\n\n"
        "  # Describe pods with a label\n"
        "  kubectl describe pods -l app=web\n\n"
        "  # Describe all pods of the deployment 'web': their names begin with its name\n"
        "  kubectl describe pods web",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
