// `skerry token`, `skerry version`.
#include <cstdio>
#include <iostream>

#include "app/commands.h"
#include "app/layout.h"
#include "app/options.h"
#include "auth/certificates.h"
#include "embedded/licenses_zst.h"
#include "embedded/version.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <zstd.h>

namespace skerry::app {

int run_token(const Args& args) {
  Options options(all_options());
  if (auto loaded = options.load(args, process_environment()); !loaded) {
    std::cerr << "skerry token: " << loaded.error().message << "\n";
    return 2;
  }
  if (options.help_wanted()) {
    std::cout << "Prints the token with which other machines join: skerry agent --server URL --token TOKEN\n\n"
                 "Usage: skerry token [--data-dir DIR]\n";
    return 0;
  }
  auto token = auth::read_secret_file(layout_of(options).server_dir() + "/node-token");
  if (!token) {
    std::cerr << "skerry token: no server has run here yet (" << token.error().message << ")\n";
    return 1;
  }
  std::cout << *token;
  return 0;
}

int run_version(const Args& args) {
  if (!args.empty() && args[0] == "--licenses") {
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
  std::cout << "skerry " << embedded::kVersion << " (" << embedded::kGitCommit << ", " << embedded::kCommitDate << ")\n"
            << "kubernetes API v1.36, " << OPENSSL_VERSION_TEXT << ", SQLite " << SQLITE_VERSION << "\n"
            << "compiler " << embedded::kCompiler << "\n"
            << "`skerry version --licenses` prints the notices of what is inside.\n";
  return 0;
}

}  // namespace skerry::app
