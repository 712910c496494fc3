// `skerry version`: what this executable is and what is inside.
#include <zstd.h>

#include <iostream>
#include <string>

#include "api/version.h"
#include "app/commands.h"
#include "base/architecture.h"
#include "embedded/licenses_zst.h"
#include "embedded/version.h"

namespace skerry::app {

namespace {

int print_licenses() {
  auto packed = embedded::licenses_zst();
  // The frame does not tell its size: it was written from a pipe.
  ZSTD_DStream* stream = ZSTD_createDStream();
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string text, piece(ZSTD_DStreamOutSize(), '\0');
  size_t left = 1;
  while (left != 0 && !ZSTD_isError(left)) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream, &out, &in);
    text.append(piece, 0, out.pos);
    if (in.pos == in.size && out.pos == 0) break;
  }
  ZSTD_freeDStream(stream);
  if (left != 0) {
    std::cerr << "skerry version: the notices cannot be unpacked" << (ZSTD_isError(left) ? std::string(": ") + ZSTD_getErrorName(left) : "") << "\n";
    return 1;
  }
  std::cout << text;
  return 0;
}

}  // namespace

int run_version(const Args& args) {
  if (!args.empty() && args[0] == "--licenses") return print_licenses();
  if (!args.empty()) {
    bool help = args[0] == "--help" || args[0] == "-h";
    (help ? std::cout : std::cerr) << (help ? "" : "skerry version: unknown argument \"" + args[0] + "\"\n\n")
                                   << "Usage: skerry version [--licenses]\n";
    return help ? 0 : 2;
  }
  std::cout << "skerry version v" << embedded::kVersion << " (" << embedded::kGitCommit << ", " << embedded::kCommitDate << ")\n"
            << "architecture: linux/" << kArchitecture << (kArchitecture == "arm" ? "/v7" : "") << "\n"
            << "kubernetes: " << api::kKubernetesVersion << "\n"
            << "libraries: " << embedded::kLibraries << "\n"
            << "compiler: " << embedded::kCompiler << "\n"
            << "`skerry version --licenses` prints the notices of what is inside.\n";
  return 0;
}

}  // namespace skerry::app
