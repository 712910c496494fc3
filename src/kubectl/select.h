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

// What a command line points at.
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
};
// The words, and those of the flags below that the command has (also --all, --local, --chunk-size).
Selection selection_of(Session& session);

// What a command makes of "pods", a type without names, selector and --all.
enum class BareTypes {
  kRefused,  // "resource(s) were provided, but no name was specified"
  kEach,     // every object
  kAsList,   // one Item, without a name, stands for the list
};

// What a command needs to know of the objects.
struct Wanted {
  // The object is read from the server, also where a file holds one (what it holds is dropped). Not with --local.
  bool fetch = false;
  std::string subresource{};      // read instead of the object itself; only of objects that are named
  bool ignore_not_found = false;  // leave out what does not exist
  bool fetch_files = true;        // with fetch; false: objects of files stay as the files have them
  bool single_type = false;       // several types are an error
  BareTypes bare_types = BareTypes::kRefused;
};

struct Selected {
  std::vector<Item> items{};
  std::vector<Error> errors{};  // of parts that failed; the other parts are in items
  bool single = false;          // exactly one object was pointed at (not a list, folder or selector)
};

// Usage mistakes and failures before any object is known are the Result's Error.
Result<Selected> select(Session& session, const Selection& selection, const Wanted& wanted = {});
// With every error of a part shown (Session::fail): the other items.
Result<std::vector<Item>> select_items(Session& session, const Selection& selection, const Wanted& wanted = {});
// The same for what the command line points at: selection_of().
Result<std::vector<Item>> select_items(Session& session, const Wanted& wanted = {});
// What -f and -k hold, and of that what has the labels that --selector asks for.
Result<Selected> select_in_files(Session& session);

// The standard flags: --filename/-f, --kustomize/-k, --recursive/-R; `what` completes "identifying the resource to ...".
std::vector<Flag> file_flags(std::string_view what = "");
// --selector/-l, --field-selector, --all-namespaces/-A.
Flag selector_flag();
Flag field_selector_flag();
Flag all_namespaces_flag();

}  // namespace skerry::kubectl
