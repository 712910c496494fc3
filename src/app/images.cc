// `skerry images list|import|remove`: the images of this node, also while skerry runs.
#include <cstdio>
#include <iostream>

#include "app/command_line.h"
#include "app/layout.h"
#include "app/options.h"
#include "base/strings.h"
#include "runtime/archive.h"
#include "runtime/image_store.h"

namespace skerry::app {
namespace {

constexpr const char* kUsage =
    "Usage: skerry images list\n"
    "       skerry images import ARCHIVE...   docker or OCI archives: plain, gzip or zstd\n"
    "       skerry images remove IMAGE...     by name or id\n\n"
    "Flags: --data-dir DIR\n";

std::string human(uint64_t bytes) {
  char buf[32];
  std::snprintf(buf, sizeof buf, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return buf;
}

void print(const runtime::ImageInfo& image) {
  std::string id = image.id.substr(0, 19);
  const char* kept = image.pinned ? "  pinned" : "";  // stands in the images directory
  if (image.repo_tags.empty()) std::printf("%-60s %s %10s%s\n", "<none>", id.c_str(), human(image.size_bytes).c_str(), kept);
  for (auto& tag : image.repo_tags) std::printf("%-60s %s %10s%s\n", tag.c_str(), id.c_str(), human(image.size_bytes).c_str(), kept);
}

Status execute(const Options& options) {
  auto words = options.rest();
  Layout layout = layout_of(options);
  auto store = TRY(runtime::ImageStore::open(layout.data_dir + "/images", runtime::ImageStore::Role::kGuest));
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "list" || verb == "ls") {
    for (auto& image : store->list()) print(image);
    return {};
  }
  if (words.size() < 2 || (verb != "import" && verb != "remove" && verb != "rm"))
    return Error(Reason::kBadRequest, "list, import or remove, please (see --help)");
  for (size_t i = 1; i < words.size(); ++i) {
    if (verb == "import") {
      for (auto& image : TRY(runtime::import_archive(*store, words[i]))) print(image);
    } else {
      TRY(store->remove(words[i]));
      std::cout << "removed " << words[i] << "\n";
    }
  }
  return {};
}

}  // namespace

int run_images(const Args& args) {
  return run_command({.name = "images", .table = all_options(), .help = kUsage, .takes_words = true, .run = execute}, args);
}

}  // namespace skerry::app
