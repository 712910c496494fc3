// The editor loop that `edit`, `apply edit-last-applied` and `create --edit` share: objects in a text editor, again and again until
// every one of them is taken or the user gives up.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

inline constexpr std::string_view kEditHead =
    "# Please edit the object below. Lines beginning with a '#' will be ignored,\n"
    "# and an empty file will abort the edit. If an error occurs while saving this file will be\n"
    "# reopened with the relevant failures.\n#\n";
inline constexpr std::string_view kEditLastAppliedHead =
    "# Please edit the 'last-applied-configuration' annotations below.\n"
    "# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.\n#\n";

struct EditLoop {
  std::string_view head = kEditHead;  // of YAML; JSON has none
  // Sends `edited`, which came of `before` (the same uid) and differs. With `ask_again` an Invalid of the
  // server opens the editor again and its other errors are told; without, and those that are not the server's, end the loop with the
  // text kept in a file.
  std::function<Status(const Item& before, const Item& edited)> save{};
  bool ask_again = false;
  // What is said of an object that was left as it is, beside one that was not.
  std::function<Status(const Item& before)> skipped{};
};

// Opens all `items` in one editor (a List where there are several). The exit code.
Result<int> edit_loop(Session& session, const std::vector<Item>& items, const EditLoop& loop);

// The file's text without what does not count: the parsed content, or, where that does not parse, the lines that are no comments.
std::string without_comments(std::string_view text);

}  // namespace skerry::kubectl
