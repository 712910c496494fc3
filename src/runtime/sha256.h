// SHA-256, as it comes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_md_ctx_st;

namespace skerry::runtime {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(const void* data, size_t size);
  std::string digest();  // "sha256:<hex>"; once

 private:
  evp_md_ctx_st* context_;
};

std::string sha256_digest(std::string_view data);
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace skerry::runtime
