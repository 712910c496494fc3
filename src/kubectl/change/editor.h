// Editor: the user's text editor on a temporary file.
#pragma once

#include <string>

#include "base/result.h"

namespace skerry::kubectl {

// KUBE_EDITOR, EDITOR or vi, which may have arguments. The file (mode 0600) ends in `suffix`; its text
// after the editor has ended is returned, and its path, which the caller removes or names to the user.
struct Edited {
  std::string text;
  std::string path;
};
Result<Edited> edit_text(const std::string& text, const std::string& prefix, const std::string& suffix);

}  // namespace skerry::kubectl
