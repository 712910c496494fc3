#include <doctest/doctest.h>

#include "output/custom_columns.h"
#include "output/sort.h"
#include "output/table_printer.h"

using namespace skerry;
using namespace skerry::output;

namespace {

Json table() {
  return Json::parse(R"~({"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[
    {"name":"Name","type":"string","format":"name","priority":0},{"name":"Ready","type":"string","priority":0},{"name":"Restarts","type":"integer","priority":0},
    {"name":"Age","type":"string","priority":0},{"name":"Long Name","type":"string","priority":1}],
  "rows":[
    {"cells":["b10","1/1",0,"5d","x"],"object":{"metadata":{"name":"b10","namespace":"default","labels":{"app":"x","a/b":"c"}},"v":3,"q":"100m"}},
    {"cells":["a-very-long-name","0/1",12,"<unknown>",null],"object":{"metadata":{"name":"a-very-long-name","namespace":"default"},"v":10,"q":"1"}},
    {"cells":["b2","line\nbreak",true,"x\u001b[31mred","\u00e9"],"object":{"metadata":{"name":"b2","namespace":"kube-system"},"v":2,"q":"2Gi"}}]})~");
}

std::string printed(TableOptions options, const Json& value = table(), const std::string& event = "") {
  TablePrinter printer(std::move(options));
  TabWriter writer = TabWriter::for_tables();
  REQUIRE(printer.print(value, writer, WallTime(std::chrono::hours(1)), event));
  return writer.flush();
}

std::string names(const std::string& path) {
  Json value = table();
  auto done = sort_table(value, path);
  if (!done) return done.error().message;
  std::string out;
  for (const auto& row : value["rows"]) out += row["cells"][0].get<std::string>() + " ";
  return out;
}

}  // namespace

TEST_CASE("tables: columns, wide, labels, namespaces, kinds") {
  CHECK(printed({}) ==
        "NAME               READY     RESTARTS   AGE\n"
        "b10                1/1       0          5d\n"
        "a-very-long-name   0/1       12         <unknown>\n"
        "b2                 line...   true       x^[[31mred\n");
  TableOptions all;
  all.wide = all.show_labels = all.with_namespace = all.with_kind = true;
  all.kind = "thing";
  all.column_labels = {"a/b"};
  CHECK(printed(all) ==
        "NAMESPACE     NAME                     READY     RESTARTS   AGE          LONG NAME   B     LABELS\n"
        "default       thing/b10                1/1       0          5d           x           c     a/b=c,app=x\n"
        "default       thing/a-very-long-name   0/1       12         <unknown>                      <none>\n"
        "kube-system   thing/b2                 line...   true       x^[[31mred   \xc3\xa9                 <none>\n");
  TableOptions bare;
  bare.no_headers = true;
  CHECK(printed(bare).starts_with("b10                1/1"));
  CHECK(printed({}, table(), "ADDED").starts_with("EVENT      NAME               READY     RESTARTS   AGE\nADDED      b10  "));
  Json empty = table();
  empty["rows"] = Json::array();
  CHECK(printed({}, empty).empty());
}

TEST_CASE("tables: a watch prints headings once, and again when the columns change; columns never get narrower") {
  TablePrinter printer({});
  TabWriter writer = TabWriter::for_tables();
  Json first = table(), later = table();
  later.erase("columnDefinitions");
  later["rows"] = Json::array({later["rows"][0]});
  REQUIRE(printer.print(first, writer, {}));
  writer.flush();
  REQUIRE(printer.print(later, writer, {}));
  CHECK(writer.flush() == "b10                1/1       0          5d\n");
  Json other = Json::parse(R"({"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[{"name":"X","type":"string","priority":0}],"rows":[{"cells":["y"]}]})");
  REQUIRE(printer.print(other, writer, {}));
  CHECK(writer.flush() == "X\ny\n");
}

TEST_CASE("tables: what is no Table shows name and age") {
  Json object = Json::parse(R"({"kind":"X","apiVersion":"v1","metadata":{"name":"a","creationTimestamp":"1970-01-01T00:50:00Z"}})");
  CHECK(printed({}, object) == "NAME   AGE\na      10m\n");
  CHECK(printed({}, Json::parse(R"({"kind":"L","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"bc"}}]})")) == "NAME   AGE\na      <unknown>\nbc     <unknown>\n");
  CHECK(printed({}, Json::parse(R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Gone","message":"m"})")) == "STATUS    REASON   MESSAGE\nFailure   Gone     m\n");
}

TEST_CASE("sorting: numbers, quantities, text as bytes, missing fields first") {
  CHECK(names(".metadata.name") == "a-very-long-name b10 b2 ");
  CHECK(names("v") == "b2 b10 a-very-long-name ");
  CHECK(names("{.q}") == "b10 a-very-long-name b2 ");
  CHECK(names(".metadata.labels.app") == "b2 a-very-long-name b10 ");  // kubectl turns those without the field around
  CHECK(names(".missing") == "couldn't find any field with path \"{.missing}\" in the list of objects");
  CHECK(names(".v[") == "unterminated array");
  CHECK(names(".metadata").find("unsortable type: map[string]interface {}") != std::string::npos);
  std::vector<Json> many;
  for (int i = 0; i < 40; ++i) many.push_back(i % 3 == 0 ? Json{{"i", i}} : Json{{"i", i}, {"k", (i * 7) % 40}});
  REQUIRE(sort_objects(many, "k"));
  int last = -1;
  for (const auto& object : many) {
    int k = object.value("k", -1);
    CHECK(k >= last);
    last = k;
  }
}

TEST_CASE("custom columns: files, lists of values, escapes") {
  auto columns = CustomColumns::parse_template("NAME   LIST\nmetadata.name {.l[*]}\n");
  REQUIRE(columns);
  TabWriter writer = TabWriter::for_tables();
  columns->print_header(writer);
  REQUIRE(columns->print_row(Json::parse(R"({"metadata":{"name":"a\u001bb"},"l":[1,"x",null]})"), writer));
  CHECK(writer.flush() == "NAME   LIST\na^[b   1,x,<nil>\n");
  CHECK(CustomColumns::parse_template("").error().message.starts_with("invalid template, missing header line."));
  CHECK(CustomColumns::parse_template("A").error().message.starts_with("invalid template, missing spec line."));
  CHECK(CustomColumns::parse_template("A B\n.x").error().message == "number of headers (2) and field specifications (1) don't match");
}
