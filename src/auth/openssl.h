// Owning pointers around OpenSSL's objects, and its error queue as an Error.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skerry::auth {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* p) const { free_function(p); }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Free<X509_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

// Takes the queue of this thread.
Error openssl_error(std::string_view what);
Result<KeyPtr> parse_private_key(std::string_view pem);
Result<CertPtr> parse_x509(std::string_view pem_or_der);

}  // namespace skerry::auth
