// Bytes: an immutable, shared run of bytes: an encoded object, a file, a body.
#pragma once

#include <memory>
#include <string>

namespace skerry {

using Bytes = std::shared_ptr<const std::string>;
inline Bytes make_bytes(std::string s) { return std::make_shared<const std::string>(std::move(s)); }

}  // namespace skerry
