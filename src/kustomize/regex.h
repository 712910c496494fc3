// Regex: the regular expressions of selectors and image names, in time linear in the text.
//
// Kustomizations bring patterns from outside, and std::regex can be made to run for ever or to exhaust the stack. This
// one runs all alternatives at once. It knows what Go's syntax has in common with everyone's: literals, ".", classes,
// groups, "|", "*" "+" "?" "{n,m}" (also lazy), "^" "$", \d \w \s \b-free escapes, (?i).
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::kustomize {

class Regex {
 public:
  // BadRequest with Go's words ("error parsing regexp: missing closing ): `...`").
  static Result<Regex> compile(std::string_view pattern);
  // Does the pattern match somewhere in the text?
  bool search(std::string_view text) const;

 private:
  friend class RegexParser;
  enum class Op : uint8_t { kChar, kSplit, kBegin, kEnd, kMatch };
  struct Step {
    Op op = Op::kMatch;
    std::bitset<256> chars;  // kChar
    int next = -1;
    int other = -1;          // kSplit
  };
  void add(std::vector<int>& states, std::vector<char>& seen, int step, size_t at, size_t size) const;
  std::vector<Step> steps_;
  int start_ = 0;
};

}  // namespace skerry::kustomize
