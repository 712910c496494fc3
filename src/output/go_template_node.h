// What a Go template is parsed into. Internal to go_template*.cc.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "output/go_value.h"

namespace skerry::output::go_template {

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  enum class Type {
    // parts of lists
    kList, kText, kAction, kIf, kRange, kWith, kTemplate, kBreak, kContinue, kEnd, kElse,
    // parts of commands
    kPipe, kCommand, kField, kChain, kVariable, kIdentifier, kDot, kNil, kBool, kNumber, kString,
  };
  Type type = Type::kList;
  size_t pos = 0;                  // in the text, for errors
  std::string text;                // kText; kTemplate and kIdentifier: the name; numbers and strings: as written
  std::vector<std::string> names;  // kField, kChain (behind nodes[0]), kVariable ("$x" first)
  std::vector<std::string> declared;  // kPipe
  bool assigns = false;               // kPipe: "=" instead of ":="
  Value value;                     // kBool, kNumber, kString
  std::vector<NodePtr> nodes;      // kList, kPipe (commands), kCommand (arguments), kChain
  NodePtr pipe, body, otherwise;   // kAction, kIf, kRange, kWith, kTemplate

  std::string to_string() const;  // as Go writes it in error texts
};

struct Program {
  std::string name;
  std::string text;
  NodePtr root;
  std::map<std::string, NodePtr> templates;  // {{define}} and {{block}}
};

bool is_function(std::string_view name);
Result<Program> parse(std::string_view text, std::string_view name);

}  // namespace skerry::output::go_template
