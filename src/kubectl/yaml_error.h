// The YAML parser's messages in the words of the stock client, which scripts and people know.
#pragma once

#include <string>
#include <string_view>

namespace skerry::kubectl {

// `message`: an Error of json::parse_yaml ("invalid YAML: line 2, column 3: illegal map value") about `text`. The answer:
// "yaml: line 2: mapping values are not allowed in this context". Others stay as they are.
std::string yaml_error(const std::string& message, std::string_view text);

}  // namespace skerry::kubectl
