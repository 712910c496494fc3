#include "dns/zone.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::dns;

namespace {

void fill(Zone& z) {
  Json web = Json::parse(R"({"spec":{"clusterIP":"10.43.0.7","clusterIPs":["10.43.0.7"],"ports":[{"name":"http","port":80,"protocol":"TCP"}]}})");
  z.set_service("shop/web", &web);
  Json db = Json::parse(R"({"spec":{"clusterIP":"None","clusterIPs":["None"],"ports":[{"name":"pg","port":5432}]}})");
  z.set_service("shop/db", &db);
  Json ext = Json::parse(R"({"spec":{"type":"ExternalName","externalName":"db.example.org"}})");
  z.set_service("shop/ext", &ext);
  Json slice = Json::parse(R"({"metadata":{"namespace":"shop","labels":{"kubernetes.io/service-name":"db"}},
    "endpoints":[{"addresses":["10.42.0.5"],"hostname":"db-0","conditions":{"ready":true}},
                 {"addresses":["10.42.0.6"],"conditions":{"ready":false}}],
    "ports":[{"name":"pg","port":5432,"protocol":"TCP"}]})");
  z.set_slice("shop/db-x", &slice);
}

struct Row {
  const char* name;
  uint16_t type;
  int rcode;  // -1: not ours
  size_t answers;
};

}  // namespace

TEST_CASE("zone: names of the specification") {
  Zone z("cluster.local");
  fill(z);
  const Row rows[] = {
      {"web.shop.svc.cluster.local", kA, kNoError, 1},
      {"web.shop.svc.cluster.local", kAaaa, kNoError, 0},
      {"web.shop.svc.cluster.local", kSrv, kNoError, 1},
      {"_http._tcp.web.shop.svc.cluster.local", kSrv, kNoError, 1},
      {"_http._udp.web.shop.svc.cluster.local", kSrv, kNxDomain, 0},
      {"db.shop.svc.cluster.local", kA, kNoError, 1},
      {"db-0.db.shop.svc.cluster.local", kA, kNoError, 1},
      {"10-42-0-6.db.shop.svc.cluster.local", kA, kNxDomain, 0},
      {"_pg._tcp.db.shop.svc.cluster.local", kSrv, kNoError, 1},
      {"ext.shop.svc.cluster.local", kA, kNoError, 1},
      {"none.shop.svc.cluster.local", kA, kNxDomain, 0},
      {"10-42-0-5.shop.pod.cluster.local", kA, kNoError, 1},
      {"x.shop.pod.cluster.local", kA, kNxDomain, 0},
      {"dns-version.cluster.local", kTxt, kNoError, 1},
      {"7.0.43.10.in-addr.arpa", kPtr, kNoError, 1},
      {"5.0.42.10.in-addr.arpa", kPtr, kNoError, 1},
      {"9.9.9.9.in-addr.arpa", kPtr, -1, 0},
      {"example.org", kA, -1, 0},
      {"shop.svc.cluster.local", kA, kNoError, 0},
  };
  for (auto& r : rows) {
    CAPTURE(r.name);
    CAPTURE(r.type);
    auto a = z.resolve({r.name, r.type, 1});
    CHECK(a.has_value() == (r.rcode >= 0));
    if (!a) continue;
    CHECK(a->rcode == r.rcode);
    CHECK(a->answers.size() == r.answers);
  }
}

TEST_CASE("zone: what is removed is gone") {
  Zone z("cluster.local");
  fill(z);
  z.set_service("shop/web", nullptr);
  z.set_slice("shop/db-x", nullptr);
  CHECK(z.resolve({"web.shop.svc.cluster.local", kA, 1})->rcode == kNxDomain);
  CHECK(z.resolve({"db.shop.svc.cluster.local", kA, 1})->rcode == kNxDomain);
}

TEST_CASE("zone: an external name of the zone comes with its address, one of elsewhere says where to go on") {
  Zone z("cluster.local");
  fill(z);
  Json alias = Json::parse(R"({"spec":{"type":"ExternalName","externalName":"web.shop.svc.cluster.local"}})");
  z.set_service("shop/alias", &alias);
  auto inside = z.resolve({"alias.shop.svc.cluster.local", kA, 1});
  REQUIRE(inside->answers.size() == 2);
  CHECK(inside->answers[0].type == kCname);
  CHECK(inside->answers[1].type == kA);
  CHECK(inside->answers[1].name == "web.shop.svc.cluster.local");
  CHECK(inside->goes_on_with.empty());
  CHECK(z.resolve({"alias.shop.svc.cluster.local", kCname, 1})->answers.size() == 1);
  auto outside = z.resolve({"ext.shop.svc.cluster.local", kA, 1});
  CHECK(outside->answers.size() == 1);
  CHECK(outside->goes_on_with == "db.example.org");
  Json nowhere = Json::parse(R"({"spec":{"type":"ExternalName","externalName":"none.shop.svc.cluster.local"}})");
  z.set_service("shop/nowhere", &nowhere);
  CHECK(z.resolve({"nowhere.shop.svc.cluster.local", kA, 1})->rcode == kNxDomain);
  Json circle = Json::parse(R"({"spec":{"type":"ExternalName","externalName":"circle.shop.svc.cluster.local"}})");
  z.set_service("shop/circle", &circle);
  auto round = z.resolve({"circle.shop.svc.cluster.local", kA, 1});
  CHECK(round->answers.size() == 8);
  CHECK(round->goes_on_with.empty());
}

TEST_CASE("message: what upstream answered is read, with names that point back") {
  // db.example.org CNAME a.example.org ("a" and a pointer), A 192.0.2.1; a TXT record is left out.
  const std::string question("\x00\x07\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00\x02" "db\x07" "example\x03" "org\x00\x00\x01\x00\x01", 32);
  const std::string alias("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01" "a\xc0\x0f", 16);
  const std::string text("\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x02\x01x", 14);
  const std::string address("\xc0\x2c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01", 16);
  const std::string packet = question + alias + text + address;
  auto r = parse_response(packet);
  REQUIRE(r);
  REQUIRE(r->answers.size() == 2);
  CHECK(r->answers[0].type == kCname);
  CHECK(r->answers[0].data == encode_name("a.example.org"));
  CHECK(r->answers[1].name == "a.example.org");
  CHECK(r->answers[1].data == std::string("\xc0\x00\x02\x01", 4));
  CHECK(r->answers[1].ttl_s == 60);
  for (size_t n = 0; n < packet.size(); ++n) {
    CAPTURE(n);
    CHECK_FALSE(parse_response(packet.substr(0, n)).has_value());
  }
  CHECK_FALSE(parse_response("\x00\x07\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00").has_value());
}

TEST_CASE("message: an answer that does not fit is cut and says so") {
  Query q;
  q.id = 7;
  q.raw_name = q.question.name = "a.b";
  Answer a;
  for (int i = 0; i < 100; ++i) a.answers.push_back(a_record("a.b", "10.0.0.1", 5));
  std::string p = write_answer(q, a, 512);
  CHECK(p.size() <= 512);
  CHECK((static_cast<unsigned char>(p[2]) & 0x02) != 0);
}

TEST_CASE("message: malformed queries") {
  CHECK_FALSE(parse_query("short").has_value());
  std::string loop("\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01", 18);
  CHECK(parse_query(loop)->error == kFormErr);
}
