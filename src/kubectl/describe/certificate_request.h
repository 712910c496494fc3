// What a PKCS#10 certificate request asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace skerry::kubectl {

struct CertificateRequest {
  struct Subject {
    std::string common_name, serial_number;
    std::vector<std::string> organization, organizational_unit, country, locality, province, street_address,
        postal_code;
  } subject;
  std::vector<std::string> dns_names, email_addresses, uris, ip_addresses;
};

// From PEM. Error: "PEM block type must be CERTIFICATE REQUEST", or what is wrong inside.
Result<CertificateRequest> parse_certificate_request(std::string_view pem);

}  // namespace skerry::kubectl
