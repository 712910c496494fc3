// Selection: the objects a command line points at: files, folders, URLs, standard input, kustomizations, and words like
// "pods web", "deploy/web svc/web", "pods,services -l app=web".
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/mapping.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

// One object; or, where commands work on whole lists (get, delete --all), a list to be asked for: `name` empty.
struct Item {
  Mapping mapping;
  std::string ns;    // empty for cluster-scoped kinds
  std::string name;
  std::string source{};  // the file it came from ("STDIN"), empty for words
  Json object{};         // from the file, or from the server when asked to fetch; else null

  std::string display_name() const;  // "deployment.apps/web"
};

struct Selection {
  std::vector<std::string> words{};      // TYPE NAME..., TYPE/NAME...
  std::vector<std::string> filenames{};  // paths, folders, URLs, "-"
  std::string kustomize{};               // folder
  bool recursive = false;
  std::string label_selector{};
  std::string field_selector{};
  bool all = false;             // a type without names means all of them (also: a selector does)
  bool all_namespaces = false;
  int64_t chunk = 500;
  bool local = false;           // no server: kinds are known from the built-in tables or taken as they stand
  // Read every object from the server: also those of files (their own content is dropped), and lists item by item.
  bool fetch = false;
  // With fetch: leave out objects that do not exist.
  bool ignore_not_found = false;
  bool need_selection = true;  // nothing selected is a usage error
  std::string subresource{};   // fetched instead of the object itself
  // A type without names, selector or --all is an error: "resource(s) were provided, but no name was specified".
  bool names_required = true;
  bool allow_types_only = false;  // "get pods": Items without name stand for the list
  // Objects of files that name no namespace get this session's (default); false: leave them as they are.
  bool default_namespace = true;
};

struct Selected {
  std::vector<Item> items{};
  std::vector<Error> errors{};  // of parts that failed; the other parts are in items
  bool single = false;          // exactly one object was pointed at (not a list, folder or selector)
};

// Usage mistakes and failures before any object is known are the Result's Error.
Result<Selected> select(Session& session, const Selection& selection);

// As select(), with every error of a part shown (Session::fail) and the other items returned.
Result<std::vector<Item>> select_items(Session& session, const Selection& selection);

// The standard flags: --filename/-f, --kustomize/-k, --recursive/-R; `what` completes "identifying the resource to ...".
std::vector<Flag> file_flags(std::string_view what = "");
// --selector/-l, --field-selector, --all-namespaces/-A.
Flag selector_flag();
Flag field_selector_flag();
Flag all_namespaces_flag();
// A Selection from the words and from those of the flags above that the command has (also --all, --local, --chunk-size).
Selection selection_of(Session& session);

}  // namespace skerry::kubectl
