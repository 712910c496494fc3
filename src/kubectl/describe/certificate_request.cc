#include "kubectl/describe/certificate_request.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace skerry::kubectl {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509_REQ* p) const { X509_REQ_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(STACK_OF(X509_EXTENSION) * p) const { sk_X509_EXTENSION_pop_free(p, X509_EXTENSION_free); }
};

std::string text_of(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) return "";
  std::string text(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

void read_subject(X509_NAME* name, CertificateRequest::Subject& subject) {
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    std::string text = text_of(X509_NAME_ENTRY_get_data(entry));
    switch (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))) {
      case NID_commonName:
        subject.common_name = text;
        break;
      case NID_serialNumber:
        subject.serial_number = text;
        break;
      case NID_organizationName:
        subject.organization.push_back(text);
        break;
      case NID_organizationalUnitName:
        subject.organizational_unit.push_back(text);
        break;
      case NID_countryName:
        subject.country.push_back(text);
        break;
      case NID_localityName:
        subject.locality.push_back(text);
        break;
      case NID_stateOrProvinceName:
        subject.province.push_back(text);
        break;
      case NID_streetAddress:
        subject.street_address.push_back(text);
        break;
      case NID_postalCode:
        subject.postal_code.push_back(text);
        break;
      default:
        break;
    }
  }
}

std::string address_text(const ASN1_OCTET_STRING* ip) {
  char text[INET6_ADDRSTRLEN] = "";
  int family = ASN1_STRING_length(ip) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(ip) != 16) return "";
  inet_ntop(family, ASN1_STRING_get0_data(ip), text, sizeof text);
  return text;
}

void read_names(X509_REQ* request, CertificateRequest& result) {
  std::unique_ptr<STACK_OF(X509_EXTENSION), Free> extensions(X509_REQ_get_extensions(request));
  if (!extensions) return;
  std::unique_ptr<GENERAL_NAMES, Free> names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
        result.dns_names.push_back(text_of(name->d.dNSName));
        break;
      case GEN_EMAIL:
        result.email_addresses.push_back(text_of(name->d.rfc822Name));
        break;
      case GEN_URI:
        result.uris.push_back(text_of(name->d.uniformResourceIdentifier));
        break;
      case GEN_IPADD:
        result.ip_addresses.push_back(address_text(name->d.iPAddress));
        break;
      default:
        break;
    }
  }
}

}  // namespace

Result<CertificateRequest> parse_certificate_request(std::string_view pem) {
  if (pem.find("-----BEGIN CERTIFICATE REQUEST-----") == std::string_view::npos)
    return Error(Reason::kUnknown, "PEM block type must be CERTIFICATE REQUEST");
  std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::unique_ptr<X509_REQ, Free> request(bio ? PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!request) {
    char text[256] = "malformed";
    if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return Error(Reason::kUnknown, text);
  }
  CertificateRequest result;
  read_subject(X509_REQ_get_subject_name(request.get()), result.subject);
  read_names(request.get(), result);
  return result;
}

}  // namespace skerry::kubectl
