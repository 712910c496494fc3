// The words of a Go template. Internal to go_template*.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skerry::output::go_template {

struct Item {
  enum class Type {
    kError, kEnd, kText, kLeft, kRight, kSpace, kChar, kAssign, kDeclare, kPipe, kLeftParen, kRightParen,
    kIdentifier, kField, kVariable, kDot, kNil, kBool, kNumber, kRune, kString, kRawString,
    // keywords
    kBlock, kBreak, kContinue, kDefine, kElse, kEndWord, kIf, kRange, kTemplate, kWith,
  };
  Type type = Type::kEnd;
  size_t pos = 0;
  std::string value;
  int line = 1;

  std::string to_string() const;  // as Go writes it in "unexpected ..."
};

// All items up to the end or the first error, which is the last item then.
std::vector<Item> lex(std::string_view text);

}  // namespace skerry::output::go_template
