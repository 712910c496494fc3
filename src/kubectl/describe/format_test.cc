#include "kubectl/describe/format.h"

#include <doctest/doctest.h>

#include "kubectl/describe/certificate_request.h"
#include "kubectl/describe/endpoints_text.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/label.h"
#include "kubectl/describe/pod_parts.h"

namespace skerry::kubectl {
namespace {

Json parsed(std::string_view text) {
  auto value = json::parse_json(text);
  REQUIRE(value);
  return *value;
}

}  // namespace

TEST_CASE("describe: labels of fields are their words") {
  CHECK(label_for("creationTimestamp") == "Creation Timestamp");
  CHECK(label_for("apiVersion") == "API Version");
  CHECK(label_for("uid") == "UID");
  CHECK(label_for("podIPs") == "Pod I Ps");  // as the stock client splits it
  CHECK(label_for("HTMLParser") == "HTMLParser");
  CHECK(label_for("VMName") == "VMName");
  CHECK(label_for("XMLHttpRequest") == "XMLHttp Request");
  CHECK(label_for("dash-ed") == "Dash - Ed");
  CHECK(label_for("under_score") == "under_score");
  CHECK(label_for("number1") == "number1");
  CHECK(label_for("").empty());
}

TEST_CASE("describe: selectors are written in the order of their keys") {
  CHECK(selector_text(parsed(R"({"matchLabels": {"z": "1", "a": "2"}, "matchExpressions": [
    {"key": "m", "operator": "In", "values": ["y", "x"]}, {"key": "n", "operator": "NotIn", "values": ["only"]},
    {"key": "b", "operator": "Exists"}, {"key": "c", "operator": "DoesNotExist"}]})")) ==
        "a=2,b,!c,m in (x,y),n notin (only),z=1");
  CHECK(selector_or_none(parsed("{}")) == "<none>");
  CHECK(selector_or_none(Json()) == "<none>");
}

TEST_CASE("describe: what could steer a terminal is shown as text") {
  Writer w;
  w.line(0, "\x1b[31mred\rover");
  CHECK(w.take() == "^[[31mred\\rover\n");
}

TEST_CASE("describe: long and multi-line annotations stand below their key") {
  Writer w;
  Json annotations = {{"a", "short"},
                      {"b", "one\ntwo\n"},
                      {"c", std::string(200, 'x')},
                      {"kubectl.kubernetes.io/last-applied-configuration", "hidden"}};
  put_annotations(w, "Annotations", annotations);
  CHECK(w.take() ==
        "Annotations:  a: short\n              b:\n                one\n                two\n              c:\n"
        "                " +
            std::string(138, 'x') + "...\n");
}

TEST_CASE("describe: probes are written as URLs") {
  CHECK(probe_text(parsed(
            R"({"httpGet": {"path": "a b", "port": 80, "scheme": "HTTPS", "host": "fd00::1"}, "periodSeconds": 5})")) ==
        "http-get https://[fd00::1]:80/a%20b delay=0s timeout=0s period=5s #success=0 #failure=0");
  CHECK(probe_text(Json::object()) == "unknown delay=0s timeout=0s period=0s #success=0 #failure=0");
}

TEST_CASE("describe: three endpoints are shown, more are counted, unready ones are not") {
  Json slice = parsed(R"({"ports": [{"name": "http", "port": 80}, {"name": "other", "port": 81}], "endpoints": [
    {"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"], "conditions": {"ready": false}}, {"addresses": ["fd00::3"]},
    {"addresses": ["10.0.0.4"]}, {"addresses": ["10.0.0.5"]}, {"addresses": ["10.0.0.6"]}]})");
  CHECK(endpoints_text({slice}, "http") == "10.0.0.1:80,[fd00::3]:80,10.0.0.4:80 + 2 more...");
  CHECK(endpoints_text({slice}, "none").empty());
  CHECK(endpoints_text({}, "http") == "<none>");
}

TEST_CASE("describe: events are sorted by when they came last") {
  auto now = *parse_rfc3339("2026-01-01T00:10:00Z");
  std::vector<Json> events = {
      parsed(
          R"({"type": "Normal", "reason": "B", "message": " b \n", "count": 3, "firstTimestamp": "2026-01-01T00:00:00Z",
                 "lastTimestamp": "2026-01-01T00:09:00Z", "source": {"component": "x"}})"),
      parsed(R"({"type": "Warning", "reason": "A", "message": "a", "firstTimestamp": "2026-01-01T00:08:00Z",
                 "lastTimestamp": "2026-01-01T00:08:00Z", "reportingComponent": "y", "involvedObject": {"fieldPath": "spec"}})"),
      parsed(R"({"type": "Normal", "reason": "S", "message": "s", "eventTime": "2026-01-01T00:00:00.000001Z",
                 "series": {"count": 5, "lastObservedTime": "2026-01-01T00:09:30.000000Z"}})")};
  Writer w;
  put_events(w, events, now);
  CHECK(w.take() ==
        "Events:\n"
        "  Type     Reason  Age                  From  Message\n"
        "  ----     ------  ----                 ----  -------\n"
        "  Normal   S       30s (x5 over 9m59s)        s\n"
        "  Warning  A       2m                   y     spec: a\n"
        "  Normal   B       60s (x3 over 10m)    x     b\n");
}

TEST_CASE("describe: text that is no certificate request is refused") {
  CHECK(parse_certificate_request("").error().message == "PEM block type must be CERTIFICATE REQUEST");
  CHECK(!parse_certificate_request("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"));
}

}  // namespace skerry::kubectl
