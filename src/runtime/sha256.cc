#include "runtime/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cerrno>

#include "base/strings.h"
#include "os/fd.h"

namespace skerry::runtime {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
Sha256::~Sha256() { EVP_MD_CTX_free(context_); }
void Sha256::add(const void* data, size_t size) { EVP_DigestUpdate(context_, data, size); }

std::string Sha256::digest() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context_, bytes, &size);
  return "sha256:" + hex_encode({reinterpret_cast<char*>(bytes), size});
}

std::string sha256_digest(std::string_view data) {
  Sha256 sha;
  sha.add(data.data(), data.size());
  return sha.digest();
}

Result<std::string> sha256_of_file(const std::string& path) {
  os::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("open " + path, errno);
  Sha256 sha;
  std::string buffer(65536, '\0');
  for (;;) {
    ssize_t n = read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + path, errno);
    if (n == 0) return sha.digest();
    sha.add(buffer.data(), n);
  }
}

}  // namespace skerry::runtime
