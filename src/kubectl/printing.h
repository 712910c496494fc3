// Printing: from the flags of a command to ../output.
#pragma once

#include "kubectl/session.h"
#include "output/name.h"
#include "output/printer.h"

namespace skerry::kubectl {

// From --output, --template, --allow-missing-template-keys, --show-managed-fields and --no-headers, as far as the command has them.
output::OutputFlags output_flags_of(const Session& session);

// Reads the files of -o jsonpath-file= and the like.
output::FileReader template_reader(Session& session);

}  // namespace skerry::kubectl
