// gzip of whole bodies (zlib).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace skerry::http {

std::string gzip(std::span<const Bytes> parts, int level = 1);
// Fails when malformed (400) or when the output would exceed max_bytes (413).
Result<std::string> gunzip(std::string_view bytes, size_t max_bytes);

}  // namespace skerry::http
