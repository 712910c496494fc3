#include "api/quantity.h"

#include <doctest/doctest.h>

using namespace skerry;
using api::Quantity;

namespace {
std::string canonical(std::string_view text) {
  auto q = Quantity::parse(text);
  return q ? q->to_string() : "error";
}
}  // namespace

TEST_CASE("quantity: the canonical form is Kubernetes'") {
  struct { const char* text; const char* want; } cases[] = {
      {"0", "0"}, {"0m", "0"}, {"100m", "100m"}, {"1000m", "1"}, {"1500m", "1500m"}, {"0.1", "100m"}, {"1.5", "1500m"},
      {"1Gi", "1Gi"}, {"1024Mi", "1Gi"}, {"1536Mi", "1536Mi"}, {"1.5Gi", "1536Mi"}, {"128974848", "128974848"},
      {"129e6", "129e6"}, {"129M", "129M"}, {"1000", "1k"}, {"1000000", "1M"}, {"1e3", "1e3"}, {"1E3", "1e3"},
      {"12E", "9223372036854775807"}, {"1E", "1E"}, {"0.5Ki", "512"}, {"1Ki", "1Ki"}, {"1000Ki", "1000Ki"}, {"-5", "-5"}, {"-1Gi", "-1Gi"},
      {"+7", "7"}, {"0.000000001", "1n"}, {"0.0000000001", "1n"}, {"1n", "1n"}, {".5", "500m"}, {"5.", "5"},
      {"0.1Ki", "102400m"}, {"1e-3", "1e-3"}, {"007", "7"}, {"1e1", "10"}, {"1.2e4", "12e3"},
      {"", "error"}, {"x", "error"}, {"1x", "error"}, {"1 Gi", "error"}, {"--1", "error"}, {"1K", "error"}, {"1gi", "error"}, {"1e", "error"}, {".", "error"},
  };
  for (auto& c : cases) {
    CAPTURE(c.text);
    CHECK(canonical(c.text) == c.want);
  }
}

TEST_CASE("quantity: values round up, sums keep the format of the first") {
  CHECK(Quantity::parse("1500m")->value() == 2);
  CHECK(Quantity::parse("-1500m")->value() == -2);
  CHECK(Quantity::parse("0.1m")->milli_value() == 1);
  CHECK(Quantity::parse("2")->milli_value() == 2000);
  CHECK(Quantity::parse("1Gi")->value() == 1 << 30);
  CHECK((*Quantity::parse("1Gi") + *Quantity::parse("1Gi")).to_string() == "2Gi");
  CHECK((Quantity() + *Quantity::parse("1Gi")).to_string() == "1Gi");
  CHECK((*Quantity::parse("1") - *Quantity::parse("100m")).to_string() == "900m");
  CHECK(*Quantity::parse("1000m") == *Quantity::parse("1"));
  CHECK(*Quantity::parse("999m") < *Quantity::parse("1"));
  CHECK(Quantity::from_json(Json(2)).value() == 2);
  CHECK(Quantity::from_json(Json(0.5)).milli_value() == 500);
}

TEST_CASE("quantity: percentages of a total") {
  CHECK(*api::scaled_value(Json("25%"), 10, true) == 3);
  CHECK(*api::scaled_value(Json("25%"), 10, false) == 2);
  CHECK(*api::scaled_value(Json(4), 10, false) == 4);
  CHECK(!api::scaled_value(Json("abc"), 10, false));
  CHECK(!api::scaled_value(Json("4"), 10, false));
}
