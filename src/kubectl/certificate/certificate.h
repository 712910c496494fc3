// kubectl certificate.
#pragma once

#include "kubectl/command.h"

namespace skerry::kubectl {

extern const Command kCertificate;

}  // namespace skerry::kubectl
