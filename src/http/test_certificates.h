// For tests only: certificates made in memory (P-256, one day).
#pragma once

#include <string>
#include <vector>

namespace skerry::http {

struct TestCertificate {
  std::string cert_pem, key_pem;
};

TestCertificate make_test_ca(const std::string& common_name);
// For clients and servers alike, valid for localhost and 127.0.0.1.
TestCertificate make_test_certificate(const TestCertificate& ca, const std::string& common_name,
                                      const std::vector<std::string>& organizations = {});

}  // namespace skerry::http
