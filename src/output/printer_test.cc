#include "output/printer.h"

#include <doctest/doctest.h>

#include <sstream>

#include "output/age.h"
#include "output/go_format.h"
#include "output/json_text.h"
#include "output/kyaml.h"
#include "output/name.h"
#include "output/typed_order.h"

using namespace skerry;
using namespace skerry::output;

namespace {

const AllowedFormats kGet{true, true, true};

Result<std::string> no_file(const std::string& path) { return Error(Reason::kNotFound, "open " + path + ": no such file or directory"); }

// What `get x -o <output>` prints, with "error: ..." at its end.
std::string printed(const std::string& output, const Json& object, const AllowedFormats& allowed = kGet) {
  OutputFlags flags;
  flags.output = output;
  auto printer = make_printer(flags, allowed, no_file);
  if (!printer) return "error: " + printer.error().message;
  std::ostringstream out;
  auto done = (*printer)->print(object, out);
  return done ? out.str() : out.str() + "error: " + done.error().message;
}

const Json kObject = Json::parse(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","managedFields":[{"manager":"x"}]},"s":"<&>","n":1.5,"l":["a",{"b":null}],"e":[]})");

}  // namespace

TEST_CASE("printers: every form of -o") {
  CHECK(printed("json", kObject) == R"({
    "apiVersion": "apps/v1",
    "e": [],
    "kind": "Deployment",
    "l": [
        "a",
        {
            "b": null
        }
    ],
    "metadata": {
        "name": "web"
    },
    "n": 1.5,
    "s": "\u003c\u0026\u003e"
}
)");
  CHECK(printed("YAML", kObject) == "apiVersion: apps/v1\ne: []\nkind: Deployment\nl:\n- a\n- b: null\nmetadata:\n  name: web\n\"n\": 1.5\ns: <&>\n");
  CHECK(printed("name", kObject) == "deployment.apps/web\n");
  CHECK(printed("jsonpath={.s}{\"\\n\"}", kObject) == "<&>\n");
  CHECK(printed("jsonpath-as-json={.l[0]}", kObject) == "[\n    \"a\"\n]\n");
  CHECK(printed("go-template={{.s}}", kObject) == "<&>");
  CHECK(printed("template={{.n}}", kObject) == "1.5");
  CHECK(printed("custom-columns=NAME:.metadata.name,LIST:.l,NONE:.x,NUMBER:n", kObject) == "NAME   LIST               NONE     NUMBER\nweb    [a map[b:<nil>]]   <none>   1.5\n");
}

TEST_CASE("printers: the errors are kubectl's") {
  CHECK(printed("foo", kObject) ==
        "error: unable to match a printer suitable for the output format \"foo\", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,"
        "jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml");
  CHECK(printed("wide", kObject, {}) ==
        "error: unable to match a printer suitable for the output format \"wide\", allowed formats are: go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,"
        "name,template,templatefile,yaml");
  for (const char* text : {"jsonpath", "jsonpath=", "go-template", "templatefile="}) CHECK(printed(text, kObject) == "error: template format specified but no template given");
  CHECK(printed("custom-columns=", kObject) == "error: custom-columns format specified but no custom columns given");
  CHECK(printed("custom-columns=A", kObject) == "error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>");
  CHECK(printed("jsonpath={.x", kObject) == "error: error parsing jsonpath {.x, unclosed action");
  CHECK(printed("go-template={{.x", kObject) == "error: error parsing template {{.x, template: output:1: unclosed action");
  CHECK(printed("jsonpath-file=/none", kObject) == "error: error reading --template /none, open /none: no such file or directory");
  CHECK(printed("custom-columns-file=/none", kObject) == "error: error reading template /none, open /none: no such file or directory");
  CHECK(printed("json", Json::object()) == "error: missing apiVersion or kind; try GetObjectKind().SetGroupVersionKind() if you know the type");
  Json small = {{"kind", "X"}, {"l", Json::array({1, nullptr})}};
  CHECK(printed("jsonpath=a{.l[2]}", small) ==
        "error: error executing jsonpath \"a{.l[2]}\": Error executing template: array index out of bounds: index 2, length 2. Printing more information for debugging the template:\n"
        "\ttemplate was:\n\t\ta{.l[2]}\n\tobject given to jsonpath engine was:\n\t\tmap[string]interface {}{\"kind\":\"X\", \"l\":[]interface {}{1, interface {}(nil)}}\n\n");
  CHECK(printed("go-template=a{{.kind.x}}", small) ==
        "aError executing template: template: output:1:8: executing \"output\" at <.kind.x>: can't evaluate field x in type interface {}. Printing more information for debugging the template:\n"
        "\ttemplate was:\n\t\ta{{.kind.x}}\n\traw data was:\n\t\t{\"kind\":\"X\",\"l\":[1,null]}\n\tobject given to template engine was:\n\t\tmap[kind:X l:[1 <nil>]]\n\n"
        "error: error executing template \"a{{.kind.x}}\": template: output:1:8: executing \"output\" at <.kind.x>: can't evaluate field x in type interface {}");
}

TEST_CASE("printers: --template, --show-managed-fields, several objects, messages") {
  OutputFlags flags;
  flags.template_text = "{{.s}}";
  auto format = parse_output_format(flags, kGet);
  REQUIRE(format);
  CHECK((format->format == Format::kGoTemplate && format->argument == "{{.s}}"));
  flags.output = "jsonpath";
  CHECK(parse_output_format(flags, kGet)->format == Format::kJsonPath);
  flags.output = "yaml";
  flags.show_managed_fields = true;
  auto printer = make_printer(flags, kGet, no_file);
  REQUIRE(printer);
  std::ostringstream out;
  Json list = {{"kind", "List"}, {"items", Json::array({kObject})}};
  REQUIRE((*printer)->print(kObject, out));
  REQUIRE((*printer)->print(list, out));
  CHECK(out.str().find("managedFields") != std::string::npos);
  CHECK(out.str().find("\n---\nitems:\n- apiVersion") != std::string::npos);
  CHECK(printed("yaml", list).find("managedFields") == std::string::npos);
  CHECK(printed("name", list) == "deployment.apps/web\n");

  OutputFlags created;
  created.operation = "created";
  created.dry_run_suffix = kServerDryRun;
  auto messages = make_printer(created, {}, no_file);
  REQUIRE(messages);
  out.str("");
  REQUIRE((*messages)->print(kObject, out));
  CHECK(out.str() == "deployment.apps/web created (server dry run)\n");
  CHECK(success_message({{"apiVersion", "v1"}, {"kind", "Pod"}}, "deleted") == "pod/<unknown> deleted");
}

TEST_CASE("printers: KYAML") {
  CHECK(dump_kyaml(Json::parse(R"({"a":[],"y":{},"l":[{"x":1},[2]],"m":["x",{"n":null}],"s":"q\"\\","t":"a\n  b\n","a b":1.5,"1a":true})")) == R"(---
{
  1a: true,
  a: [],
  "a b": 1.5,
  l: [{
    x: 1,
  }, [
    2,
  ]],
  m: [
    "x",
    {
      "n": null,
    },
  ],
  s: "q\"\\",
  "t": "\
     a\n\
    \  b\n\
    ",
  "y": {},
}
)");
}

TEST_CASE("text: JSON, ages and Go's formats") {
  CHECK(dump_json(Json::parse(R"({"a":"\u2028\u0001\u007f","b":[1e21,1e-7,1000000.0,-0.5,18446744073709551615]})"), -1) ==
        "{\"a\":\"\\u2028\\u0001\x7f\",\"b\":[1e+21,1e-7,1000000,-0.5,18446744073709551615]}");
  CHECK(quote_json("a\xff") == "\"a\\ufffd\"");
  OrderedJson ordered = {{"kind", "X"}, {"apiVersion", "v1"}};
  CHECK(dump_json(ordered) == "{\n    \"kind\": \"X\",\n    \"apiVersion\": \"v1\"\n}");
  CHECK(go_float(100000) == "100000");
  CHECK(go_float(1e6) == "1e+06");
  CHECK(go_float(0.00001) == "1e-05");
  struct { int64_t s; const char* want; const char* brief; } rows[] = {
      {-5, "<invalid>", "<invalid>"}, {-1, "0s", "0s"}, {0, "0s", "0s"}, {119, "119s", "1m"}, {120, "2m", "2m"}, {125, "2m5s", "2m"}, {3600, "60m", "1h"},
      {3 * 3600 + 60, "3h1m", "3h"}, {9 * 3600, "9h", "9h"}, {49 * 3600, "2d1h", "2d"}, {400 * 86400LL, "400d", "1y"}, {800 * 86400LL, "2y70d", "2y"}, {4000 * 86400LL, "10y", "10y"}};
  for (auto& r : rows) {
    CHECK(human_duration(std::chrono::seconds(r.s)) == r.want);
    CHECK(short_human_duration(std::chrono::seconds(r.s)) == r.brief);
  }
}

TEST_CASE("printers: objects of kubectl's own making have their fields in the order of Kubernetes' types") {
  Json pod = Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"run":"p"},"name":"p","namespace":"n"},"spec":{"restartPolicy":"Always","containers":[
    {"env":[{"value":"b","name":"A"}],"resources":{},"name":"p","livenessProbe":{"periodSeconds":1,"httpGet":{"port":80,"path":"/"}},"envFrom":[],"image":"i"}],"dnsPolicy":"ClusterFirst","x":1},"status":{}})");
  CHECK(typed_order(pod).dump() ==
        R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n","labels":{"run":"p"}},"spec":{"containers":[{"name":"p","image":"i","envFrom":[],"env":[{"name":"A","value":"b"}],)"
        R"("resources":{},"livenessProbe":{"httpGet":{"path":"/","port":80},"periodSeconds":1}}],"restartPolicy":"Always","dnsPolicy":"ClusterFirst","x":1},"status":{}})");
  Json binding = Json::parse(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b"},"roleRef":{"name":"r","kind":"Role","apiGroup":"g"},"subjects":[{"namespace":"n","name":"s","kind":"ServiceAccount"}]})");
  CHECK(typed_order(binding).dump() ==
        R"({"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},"subjects":[{"kind":"ServiceAccount","name":"s","namespace":"n"}],"roleRef":{"apiGroup":"g","kind":"Role","name":"r"}})");
  CHECK(typed_order(Json::parse(R"({"kind":"Own","apiVersion":"x/v1","a":{"z":1,"b":2}})")).dump() == R"({"a":{"b":2,"z":1},"apiVersion":"x/v1","kind":"Own"})");
}
