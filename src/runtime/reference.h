// Image references as Docker writes them: "nginx", "registry:5000/team/app:1.2@sha256:...".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::runtime {

struct Reference {
  std::string domain;  // "docker.io", "registry:5000"
  std::string path;    // "library/nginx"
  std::string tag;     // "latest" unless a digest stands alone
  std::string digest;  // "sha256:..." or empty

  std::string name() const { return domain + "/" + path; }
  std::string tagged() const { return tag.empty() ? "" : name() + ":" + tag; }
  std::string canonical() const { return digest.empty() ? "" : name() + "@" + digest; }
  // Where the registry is asked for the manifest: digest before tag.
  const std::string& selector() const { return digest.empty() ? tag : digest; }
  std::string str() const { return digest.empty() ? tagged() : canonical(); }
};

// Invalid with Docker's words ("invalid reference format", "repository name must be lowercase").
Result<Reference> parse_reference(std::string_view text);

// "sha256:" and 64 lower-case hex digits.
bool is_digest(std::string_view text);

}  // namespace skerry::runtime
