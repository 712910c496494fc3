// Help: what --help prints.
#pragma once

#include <ostream>
#include <string_view>
#include <vector>

#include "kubectl/command.h"

namespace skerry::kubectl {

void print_root_help(std::ostream& out);
void print_help(const Command& command, std::string_view path, std::ostream& out);
void print_options(const std::vector<Flag>& flags, std::ostream& out);

// Commands whose names are near `word`: the "Did you mean this?" of errors.
std::vector<std::string> similar_names(std::string_view word, const std::vector<std::string>& names);

}  // namespace skerry::kubectl
