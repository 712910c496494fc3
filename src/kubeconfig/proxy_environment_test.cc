#include "kubeconfig/proxy_environment.h"

#include "kubeconfig/test_support.h"

using namespace skerry::kubeconfig;

TEST_CASE("proxy: what NO_PROXY leaves out") {
  struct Case {
    std::string url, no_proxy;
    bool proxied;
  };
  const Case kCases[] = {
      {"https://10.0.0.1:6443", "", true},
      {"https://127.0.0.1:6443", "", false},
      {"https://[::1]:6443", "", false},
      {"https://localhost:6443", "", false},
      {"https://10.0.0.1:6443", "10.0.0.0/8", false},
      {"https://11.0.0.1:6443", "10.0.0.0/8", true},
      {"https://10.0.0.1:6443", "10.0.0.1", false},
      {"https://10.0.0.1:6443", "10.0.0.1:6443", false},
      {"https://10.0.0.1:6443", "10.0.0.1:443", true},
      {"https://[fd00::7]:6443", "fd00::/16", false},
      {"https://[fd00::7]", "[fd00::7]:443", false},
      {"https://api.Example.com", "example.COM", false},
      {"https://example.com", "example.com", false},
      {"https://example.com", ".example.com", true},
      {"https://api.example.com", " x , .example.com", false},
      {"https://api.example.com", "*.example.com", false},
      {"https://badexample.com", "example.com", true},
      {"https://x", "*", false},
      {"https://x", "1.2.3.4/99", true},
  };
  for (const Case& c : kCases) {
    const auto e = test_environment({{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", c.no_proxy}});
    CHECK_MESSAGE((proxy_from_environment(c.url, e) == "http://p:1") == c.proxied, c.url, " ", c.no_proxy);
  }
}

TEST_CASE("proxy: the variables") {
  const std::string https = "https://x", http = "http://x";
  CHECK(proxy_from_environment(https, test_environment({{"https_proxy", "p"}})) == "http://p");
  CHECK(proxy_from_environment(https, test_environment({{"HTTP_PROXY", "p"}})) == "");
  CHECK(proxy_from_environment(http, test_environment({{"http_proxy", "p"}})) == "http://p");
  CHECK(proxy_from_environment(http, test_environment({{"HTTP_PROXY", "p"}, {"REQUEST_METHOD", "GET"}})) == "");
  CHECK(check_proxy_url("socks5://a:1"));
  CHECK(check_proxy_url("https://u:p@a"));
  CHECK_FALSE(check_proxy_url("a:1"));
  CHECK_FALSE(check_proxy_url("http://a:b"));
}
