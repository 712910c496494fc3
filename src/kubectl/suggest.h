// suggest(): what may follow on a command line, for `kubectl __complete WORD...`, which completion scripts call.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kubectl/session.h"

namespace skerry::kubectl {

// The numbers are those of the programs made with cobra, so that one script serves all.
enum SuggestDirective { kSuggestDefault = 0, kSuggestNoSpace = 2, kSuggestNoFiles = 4, kSuggestExtensions = 8, kSuggestDirectories = 16 };

struct Suggestions {
  struct One {
    std::string text, help;  // help may be empty
  };
  std::vector<One> words{};
  // With kSuggestExtensions `words` are the endings of file names that fit.
  int directive = kSuggestDefault;
  std::string note{};  // why there is nothing, for those who look at what completion does
};

// `words`: those behind the program's name, the last being the one under the cursor (may be empty). Failures, of the server too,
// are no suggestions.
Suggestions suggest(const std::vector<std::string>& words, std::string_view called_as);

// The protocol: one suggestion in each line, "\t" and its description behind it, last ":N". On `err` the note, and the names of
// the directive.
int print_suggestions(const Suggestions& found, bool descriptions, std::ostream& out, std::ostream& err);

}  // namespace skerry::kubectl
