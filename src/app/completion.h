// Completion: what may follow on a command line of skerry, from the same tables that parse it.
#pragma once

#include <string>
#include <vector>

#include "app/commands.h"

namespace skerry::app {

struct Suggestions {
  struct One {
    std::string text, help;  // help may be empty
  };
  std::vector<One> words;
  bool files = false, directories = false;  // names of files, or of directories only, fit as well
};
// `words`: those after "skerry", the last being the one under the cursor (may be empty).
Suggestions suggest(const Args& words);

}  // namespace skerry::app
