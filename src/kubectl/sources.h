// Sources: the texts that -f and -k name: files, folders, globs, URLs, standard input and kustomizations, as objects.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kustomize/file_source.h"

namespace skerry::kubectl {

struct SourceObject {
  Json object;
  std::string source;  // "web.yaml", "STDIN", a URL, the kustomization's folder
};

struct Sources {
  std::vector<SourceObject> objects{};
  std::vector<Error> errors{};  // of single files and documents
  bool single = false;          // one file (not a folder) was named
};

// Bounds: 64 MB a file. Lists are taken apart. Objects without kind or apiVersion are errors with kubectl's text.
// `validating`: they are refused with the words of kubectl's validation instead of its decoder's.
Result<Sources> read_sources(const std::vector<std::string>& filenames, const std::string& kustomize, bool recursive, std::istream& in,
                             std::ostream& err, bool validating = false);

// A file's text; "-": standard input.
Result<std::string> read_text(const std::string& path, std::istream& in);

// The disk, and http(s) for files that a kustomization names by URL.
std::unique_ptr<kustomize::FileSource> client_files();

}  // namespace skerry::kubectl
