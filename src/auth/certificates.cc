#include "auth/certificates.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <algorithm>

#include "auth/openssl.h"
#include "base/strings.h"

namespace skerry::auth {
namespace {

std::string take(BIO* bio) {
  char* data = nullptr;
  long n = BIO_get_mem_data(bio, &data);
  return std::string(data, n > 0 ? static_cast<size_t>(n) : 0);
}

Result<std::string> key_to_pem(EVP_PKEY* key) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error("encoding a private key");
  return take(bio.get());
}

Result<std::string> cert_to_pem(X509* cert) {
  BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), cert) != 1) return openssl_error("encoding a certificate");
  return take(bio.get());
}

Result<KeyPtr> generate_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("making a private key");
  return key;
}

bool add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value.c_str());
  if (!extension) return false;
  bool ok = X509_add_ext(cert, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

// Names are added as values, not through OpenSSL's configuration syntax, so that no name can smuggle in another.
bool add_names(X509* cert, const CertificateSpec& spec) {
  std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> names(GENERAL_NAMES_new());
  auto push = [&](int type, const void* data, int size) {
    auto* name = GENERAL_NAME_new();
    auto* value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    ASN1_STRING_set(value, data, size);
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const auto& dns : spec.dns_names) push(GEN_DNS, dns.data(), static_cast<int>(dns.size()));
  for (const auto& ip : spec.ips) {
    unsigned char address[16];
    if (inet_pton(AF_INET, ip.c_str(), address) == 1) push(GEN_IPADD, address, 4);
    else if (inet_pton(AF_INET6, ip.c_str(), address) == 1) push(GEN_IPADD, address, 16);
    else return false;
  }
  return X509_add1_ext_i2d(cert, NID_subject_alt_name, names.get(), 0, 0) == 1;
}

bool set_times(X509* cert, WallTime now, std::chrono::days validity) {
  // As text: time_t ends in 2038 on armhf. "2026-01-02T03:04:05Z" becomes "20260102030405Z".
  auto set = [](ASN1_TIME* field, WallTime time) {
    std::string text = format_rfc3339(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
    return ASN1_TIME_set_string_X509(field, text.c_str()) == 1;
  };
  // Back a little, for clocks that lag.
  return set(X509_getm_notBefore(cert), now - std::chrono::minutes(5)) && set(X509_getm_notAfter(cert), now + validity);
}

bool set_serial(X509* cert) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
  BN_free(number);
  return ok;
}

bool add_name_entry(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

// `issuer` null: self-signed authority.
Result<KeyPair> make_certificate(const CertificateSpec& spec, X509* issuer, EVP_PKEY* issuer_key, const Clock& clock) {
  KeyPtr key = TRY(generate_key());
  CertPtr cert(X509_new());
  X509_NAME* subject = cert ? X509_get_subject_name(cert.get()) : nullptr;
  bool ok = subject && X509_set_version(cert.get(), X509_VERSION_3) && set_serial(cert.get()) &&
            set_times(cert.get(), clock.now(), spec.validity) && X509_set_pubkey(cert.get(), key.get());
  for (const auto& organization : spec.organizations) ok = ok && add_name_entry(subject, "O", organization);
  ok = ok && add_name_entry(subject, "CN", spec.common_name);
  X509* parent = issuer ? issuer : cert.get();
  ok = ok && X509_set_issuer_name(cert.get(), X509_get_subject_name(parent));
  if (issuer) {
    std::string usage = spec.server ? (spec.client ? "serverAuth,clientAuth" : "serverAuth") : "clientAuth";
    ok = ok && add_extension(cert.get(), parent, NID_key_usage, "critical,digitalSignature,keyEncipherment") &&
         add_extension(cert.get(), parent, NID_ext_key_usage, usage) &&
         add_extension(cert.get(), parent, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(cert.get(), parent, NID_authority_key_identifier, "keyid");
    if (!spec.dns_names.empty() || !spec.ips.empty()) ok = ok && add_names(cert.get(), spec);
  } else {
    ok = ok && add_extension(cert.get(), parent, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign") &&
         add_extension(cert.get(), parent, NID_basic_constraints, "critical,CA:TRUE") &&
         add_extension(cert.get(), parent, NID_subject_key_identifier, "hash");
  }
  ok = ok && X509_sign(cert.get(), issuer_key ? issuer_key : key.get(), EVP_sha256()) > 0;
  if (!ok) return openssl_error("making a certificate for \"" + spec.common_name + "\"");
  KeyPair pair;
  pair.cert_pem = TRY(cert_to_pem(cert.get()));
  pair.key_pem = TRY(key_to_pem(key.get()));
  return pair;
}

WallTime to_wall(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return {};
  return skerry::wall_time(tm);
}

std::string to_utf8(const ASN1_STRING* s) {
  unsigned char* out = nullptr;
  int n = ASN1_STRING_to_UTF8(&out, s);
  std::string text = n > 0 ? std::string(reinterpret_cast<char*>(out), static_cast<size_t>(n)) : "";
  OPENSSL_free(out);
  return text;
}

std::vector<std::string> name_entries(X509_NAME* name, int nid) {
  std::vector<std::string> values;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;)
    values.push_back(to_utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))));
  return values;
}

void read_alternative_names(X509* cert, CertificateInfo& info) {
  std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      info.dns_names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                                  static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      int size = ASN1_STRING_length(name->d.iPAddress);
      char text[INET6_ADDRSTRLEN];
      if ((size == 4 || size == 16) &&
          inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text))
        info.ips.emplace_back(text);
    }
  }
}

template <class T>
std::vector<T> sorted(std::vector<T> v) {
  std::sort(v.begin(), v.end());
  return v;
}

std::vector<std::string> canonical_ips(const std::vector<std::string>& ips) {
  std::vector<std::string> out;
  for (const auto& ip : ips) {
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];
    int family = ip.find(':') == std::string::npos ? AF_INET : AF_INET6;
    if (inet_pton(family, ip.c_str(), address) == 1 && inet_ntop(family, address, text, sizeof text)) out.emplace_back(text);
  }
  return sorted(out);
}

bool says(const CertificateInfo& info, const CertificateSpec& spec) {
  return info.common_name == spec.common_name && sorted(info.organizations) == sorted(spec.organizations) &&
         sorted(info.dns_names) == sorted(spec.dns_names) && sorted(info.ips) == canonical_ips(spec.ips) &&
         info.server == spec.server && info.client == spec.client;
}

bool key_matches(std::string_view cert_pem, std::string_view key_pem) {
  auto cert = parse_x509(cert_pem);
  auto key = parse_private_key(key_pem);
  bool ok = cert && key && X509_check_private_key(cert->get(), key->get()) == 1;
  ERR_clear_error();
  return ok;
}

}  // namespace

Error openssl_error(std::string_view what) {
  std::string message(what);
  if (unsigned long code = ERR_get_error()) {
    char text[256];
    ERR_error_string_n(code, text, sizeof text);
    message += std::string(": ") + text;
  }
  ERR_clear_error();
  return internal_error(message);
}

Result<KeyPtr> parse_private_key(std::string_view pem) {
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!key) return openssl_error("reading a private key");
  return key;
}

Result<CertPtr> parse_x509(std::string_view text) {
  CertPtr cert;
  if (text.find("-----BEGIN") != std::string_view::npos) {
    BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    cert.reset(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  } else {
    auto* p = reinterpret_cast<const unsigned char*>(text.data());
    cert.reset(d2i_X509(nullptr, &p, static_cast<long>(text.size())));
  }
  if (!cert) {
    ERR_clear_error();
    return Error(Reason::kBadRequest, "not a certificate");
  }
  return cert;
}

Result<CertificateInfo> parse_certificate(std::string_view pem_or_der) {
  CertPtr cert = TRY(parse_x509(pem_or_der));
  CertificateInfo info;
  X509_NAME* subject = X509_get_subject_name(cert.get());
  auto names = name_entries(subject, NID_commonName);
  if (!names.empty()) info.common_name = names.front();
  info.organizations = name_entries(subject, NID_organizationName);
  read_alternative_names(cert.get(), info);
  uint32_t flags = X509_get_extension_flags(cert.get());
  if (flags & EXFLAG_XKUSAGE) {
    uint32_t usage = X509_get_extended_key_usage(cert.get());
    info.server = usage & XKU_SSL_SERVER;
    info.client = usage & XKU_SSL_CLIENT;
  }
  info.ca = flags & EXFLAG_CA;
  info.not_before = to_wall(X509_get0_notBefore(cert.get()));
  info.not_after = to_wall(X509_get0_notAfter(cert.get()));
  ERR_clear_error();
  return info;
}

Result<api::UserInfo> user_of_certificate(std::string_view pem_or_der) {
  CertificateInfo info = TRY(parse_certificate(pem_or_der));
  if (info.common_name.empty()) return Error(Reason::kUnauthorized, "the certificate has no common name");
  api::UserInfo user;
  user.name = info.common_name;
  user.groups = info.organizations;
  user.groups.push_back("system:authenticated");
  return user;
}

Result<Authority> Authority::create(const std::string& common_name, const Clock& clock) {
  CertificateSpec spec;
  spec.common_name = common_name;
  spec.validity = std::chrono::days(3650);
  return Authority(TRY(make_certificate(spec, nullptr, nullptr, clock)));
}

Result<Authority> Authority::from_pem(KeyPair pair) {
  TRY(parse_certificate(pair.cert_pem));
  if (!key_matches(pair.cert_pem, pair.key_pem)) return internal_error("the authority's key does not fit its certificate");
  return Authority(std::move(pair));
}

Result<Authority> Authority::load_or_create(const std::string& path, const std::string& common_name, const Clock& clock) {
  auto cert = read_secret_file(path + ".crt");
  auto key = read_secret_file(path + ".key");
  if (cert && key) {
    auto authority = from_pem({*cert, *key});
    if (!authority) authority.error().message = path + ".crt: " + authority.error().message;
    return authority;
  }
  // A new authority beside old certificates would lock everybody out: only where there is nothing at all. The key is
  // written first, so a certificate alone never comes from an interrupted start.
  if (!cert && !cert.error().is(Reason::kNotFound)) return cert.error();
  if (!key && !key.error().is(Reason::kNotFound)) return key.error();
  if (cert) return internal_error(path + ".key is missing, but " + path + ".crt is there");
  Authority authority = TRY(create(common_name, clock));
  TRY(write_secret_file(path + ".key", authority.pair_.key_pem));
  TRY(write_secret_file(path + ".crt", authority.pair_.cert_pem, 0644));
  return authority;
}

Result<KeyPair> Authority::issue(const CertificateSpec& spec, const Clock& clock) const {
  CertPtr issuer = TRY(parse_x509(pair_.cert_pem));
  KeyPtr issuer_key = TRY(parse_private_key(pair_.key_pem));
  KeyPair pair = TRY(make_certificate(spec, issuer.get(), issuer_key.get(), clock));
  pair.cert_pem += pair_.cert_pem;
  return pair;
}

Result<KeyPair> Authority::load_or_issue(const std::string& path, const CertificateSpec& spec, const Clock& clock) const {
  auto cert = read_secret_file(path + ".crt");
  auto key = read_secret_file(path + ".key");
  if (cert && key) {
    auto info = parse_certificate(*cert);
    if (info && says(*info, spec) && info->not_after - clock.now() >= kRenewBefore && signed_this(*cert) &&
        key_matches(*cert, *key))
      return KeyPair{*cert, *key};
  }
  KeyPair pair = TRY(issue(spec, clock));
  TRY(write_secret_file(path + ".key", pair.key_pem, 0600, false));
  TRY(write_secret_file(path + ".crt", pair.cert_pem, 0600, false));
  return pair;
}

bool Authority::signed_this(std::string_view cert_pem) const {
  auto cert = parse_x509(cert_pem);
  auto own = parse_x509(pair_.cert_pem);
  if (!cert || !own) return false;
  bool ok = X509_NAME_cmp(X509_get_issuer_name(cert->get()), X509_get_subject_name(own->get())) == 0 &&
            X509_verify(cert->get(), X509_get0_pubkey(own->get())) == 1;
  ERR_clear_error();
  return ok;
}

Result<std::string> make_private_key() {
  KeyPtr key = TRY(generate_key());
  return key_to_pem(key.get());
}

Result<std::string> load_or_create_private_key(const std::string& path) {
  auto pem = read_secret_file(path);
  if (pem || !pem.error().is(Reason::kNotFound)) return pem;
  std::string made = TRY(make_private_key());
  TRY(write_secret_file(path, made));
  return made;
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return hex_encode({reinterpret_cast<char*>(digest), size});
}

}  // namespace skerry::auth
