// Rewrites the links of an HTML page (href, src, action, ...), as a proxy must that serves the page under another path.
//
// Tolerant: what is not understood stays as it is, byte for byte; comments, scripts and styles are not looked into. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace skerry::http {

// `map` gets each link as it is written (character references included) and returns what replaces it.
std::string rewrite_links(std::string_view html, const std::function<std::string(std::string_view)>& map);

}  // namespace skerry::http
