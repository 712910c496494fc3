#include "base/strings.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace skerry;

TEST_CASE("split, trim, join, lower case, integers") {
  CHECK(split("", ',').size() == 1);
  CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
  CHECK(trim(" \t\r\n x y \n") == "x y");
  CHECK(trim(" \n") == "");
  CHECK(join({}, ",") == "");
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
  CHECK(to_lower("AbC-Ä9") == "abc-Ä9");
  CHECK(parse_int("-42") == -42);
  CHECK(parse_int("9223372036854775807") == INT64_MAX);
  for (const char* bad : {"", " 1", "1 ", "+1", "0x1", "1.0", "9223372036854775808", "-", "1e3"}) {
    CAPTURE(bad);
    CHECK(!parse_int(bad));
  }
}

TEST_CASE("base64: RFC 4648 vectors, both alphabets") {
  struct { const char *plain, *std64, *url64; } rows[] = {
      {"", "", ""}, {"f", "Zg==", "Zg"}, {"fo", "Zm8=", "Zm8"}, {"foo", "Zm9v", "Zm9v"}, {"foob", "Zm9vYg==", "Zm9vYg"},
      {"fooba", "Zm9vYmE=", "Zm9vYmE"}, {"foobar", "Zm9vYmFy", "Zm9vYmFy"}, {"\xfb\xff", "+/8=", "-_8"},
  };
  for (auto& r : rows) {
    CAPTURE(r.plain);
    CHECK(base64_encode(r.plain) == r.std64);
    CHECK(base64url_encode(r.plain) == r.url64);
    CHECK(base64_decode(r.std64) == r.plain);
    CHECK(base64url_decode(r.url64) == r.plain);
    CHECK(base64url_decode(std::string(r.url64) + std::string((4 - std::string_view(r.url64).size() % 4) % 4, '=')) == r.plain);
  }
  CHECK(base64_decode("Zm9v\r\nYmFy\n") == "foobar");
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Z", "Zg==Zg==", "=Zg=", "Zm 9v", "-_8=", "Zm9v=", "Zm9vY", "\x80"}) {
    CAPTURE(bad);
    CHECK(!base64_decode(bad));
  }
  CHECK(!base64url_decode("+/8"));
}

TEST_CASE("base64 and URL encoding: what goes in comes out, for any bytes") {
  SeededRandom random(7);
  for (int i = 0; i < 300; ++i) {
    std::string bytes = random.bytes(random.below(60));
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    CHECK(base64url_decode(base64url_encode(bytes)) == bytes);
    CHECK(url_decode(url_encode(bytes)) == bytes);
    CHECK(hex_encode(bytes).size() == 2 * bytes.size());
  }
  CHECK(url_encode("a b/c~%+") == "a%20b%2Fc~%25%2B");
  CHECK(url_decode("a+b%2fc") == "a+b/c");
  for (const char* bad : {"%", "%4", "a%4", "%zz", "%4g"}) CHECK(!url_decode(bad));
}

TEST_CASE("names: labels, subdomains, qualified names, label values") {
  auto many = [](size_t n) { return std::string(n, 'a'); };
  CHECK(is_dns_label("a-9"));
  CHECK(is_dns_label(many(63)));
  for (const std::string& bad : {std::string(), std::string("-a"), std::string("a-"), std::string("A"), std::string("a.b"), std::string("a_b"), many(64)})
    CHECK(!is_dns_label(bad));
  CHECK(is_dns_subdomain("a.b-c.9"));
  CHECK(is_dns_subdomain(many(253)));
  for (const std::string& bad : {std::string(), std::string("a..b"), std::string(".a"), std::string("a."), std::string("a.-b"), std::string("a b"), many(254)})
    CHECK(!is_dns_subdomain(bad));
  for (const char* good : {"app", "App_1.x", "example.com/App", "a/b"}) CHECK(is_qualified_name(good));
  for (const char* bad : {"", "/a", "a/", "a/b/c", "Example.com/a", "-a", "a b"}) CHECK(!is_qualified_name(bad));
  CHECK(!is_qualified_name("a/" + many(64)));
  CHECK(is_label_value(""));
  CHECK(is_label_value("A_b.c-9"));
  for (const char* bad : {"-a", "a-", ".", "a b", "ä"}) CHECK(!is_label_value(bad));
}

TEST_CASE("random: bounds, alphabet, form of a UUID") {
  SeededRandom random(1);
  int seen[3] = {0, 0, 0};
  for (int i = 0; i < 300; ++i) ++seen[random.below(3)];
  CHECK(seen[0] > 60);
  CHECK(seen[1] > 60);
  CHECK(seen[2] > 60);
  CHECK(random.below(1) == 0);
  std::string uuid = SystemRandom().uuid();
  REQUIRE(uuid.size() == 36);
  CHECK(uuid[14] == '4');
  CHECK(std::string("89ab").find(uuid[19]) != std::string::npos);
  CHECK(uuid.find_first_not_of("0123456789abcdef-") == std::string::npos);
  CHECK(random.name_suffix(200).find_first_not_of("bcdfghjklmnpqrstvwxz2456789") == std::string::npos);
  CHECK(random.bytes(13).size() == 13);
}
