// `kubectl describe`
#include "kubectl/describe/describe.h"
#include "kubectl/discovery.h"
#include "kubectl/objects.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  return file_flags("Filename, directory, or URL to files containing the resource to describe") +
         std::vector<Flag>{selector_flag(), all_namespaces_flag(),
                           {"chunk-size", 0, FlagType::kInt, "500", "Return large lists in chunks rather than all at once. Pass 0 to disable."},
                           {"show-events", 0, FlagType::kBool, "true",
                            "If true, display events related to the described object. Defaults to true for a single object, false "
                            "for multiple objects and prefix matching."}};
}

// The objects whose name begins with the second word; `original` if there are none.
Result<int> describe_matching(Session& session, const Error& original, const DescribeOptions& options) {
  const std::string& prefix = session.words()[1];
  Selection selection = selection_of(session);
  selection.words = {session.words()[0]};
  selection.filenames.clear();
  selection.kustomize.clear();
  selection.label_selector.clear();
  selection.names_required = false;
  selection.all = false;
  selection.fetch = true;
  Selected selected = TRY(select(session, selection));
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

Result<int> run(Session& session) {
  Selection selection = selection_of(session);
  if (selection.words.empty() && selection.filenames.empty() && selection.kustomize.empty())
    return usage_error("You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of "
                       "supported resources.\n");
  selection.names_required = false;
  selection.all = false;
  selection.fetch = true;
  Selected selected = TRY(select(session, selection));

  DescribeOptions options{session.flags.boolean("show-events"), selection.chunk};
  if (!session.flags.changed("show-events") && (!selected.errors.empty() || selected.items.size() > 1)) options.show_events = false;
  if (selected.errors.size() == 1 && selected.errors[0].is(Reason::kNotFound) && session.words().size() == 2)
    return describe_matching(session, selected.errors[0], options);

  for (const Error& error : selected.errors) session.fail(error);
  bool first = true;
  std::vector<std::string> shown_errors;
  for (const Item& item : selected.items) {
    auto text = describe(session, item, options);
    if (!text) {
      session.fail(text.error());
      continue;
    }
    session.out << (first ? "" : "\n\n") << *text;
    first = false;
  }
  if (selected.items.empty() && selected.errors.empty()) return nothing_found(session);
  return session.failed() ? 1 : 0;
}

}  // namespace

const Command kDescribe{
    .use = "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    .brief = "Show details of a specific resource or group of resources",
    .text = "Show details of a specific resource or group of resources.\n\n"
            "Tells what the selected objects are and how they are doing, with what belongs to them, such as events and\n"
            "controllers. Select one object by its name, all of a type, those with a label, or, where no object has exactly that\n"
            "name, all whose names begin with it.\n\n"
            "Use \"kubectl api-resources\" for a complete list of supported resources.",
    .examples = "  # Describe a node\n"
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
};

}  // namespace skerry::kubectl
