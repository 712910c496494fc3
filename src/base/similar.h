// "Did you mean": the name that somebody probably wanted to type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skerry {

// Which mistakes count as one.
enum class Edits {
  kLetters,          // a letter too many, too few, or another one (Levenshtein)
  kLettersAndSwaps,  // also two neighbours the other way round
};

// The mistakes that lie between the two.
size_t edit_distance(std::string_view a, std::string_view b, Edits edits);

// ` (did you mean "x"?)`, or nothing where no candidate is near. For messages; names longer than 64 have no neighbours.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace skerry
