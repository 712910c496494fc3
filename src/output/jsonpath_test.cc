#include "output/jsonpath.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::output;

namespace {

const Json& document() {
  static const Json value = Json::parse(R"~({"apiVersion":"v1","kind":"Thing","metadata":{"name":"x","namespace":"default","labels":{"a.b/c":"v"}},"n":null,"i":1,"f":1.5,"big":1e21,"b":true,"s":"str<>&","e":"","m":{"k":"v","z":[1,2,{"q":1}]},"em":{},"el":[],"l":["a","b","c","d"],"ll":[[1,2],[3,4]],"o":[{"a":"b","n":1,"t":true,"f":1.5,"z":null},{"a":"c","n":2,"t":false,"x":{"y":"w"}},{"a":"d e","n":3,"x":{"y":"v"}}],"nums":[1,2,3,4,5,6]})~");
  return value;
}

enum Outcome { kText, kError, kParseError };
struct Row { const char* path; Outcome outcome; const char* text; };

// What kubectl 1.36 printed for `get -o jsonpath=<path>` of the document.
const Row kRows[] = {
    {"{.}", kText, ""},
    {"{@}", kText, R"~({"apiVersion":"v1","b":true,"big":1e+21,"e":"","el":[],"em":{},"f":1.5,"i":1,"kind":"Thing","l":["a","b","c","d"],"ll":[[1,2],[3,4]],"m":{"k":"v","z":[1,2,{"q":1}]},"metadata":{"labels":{"a.b/c":"v"},"name":"x","namespace":"default"},"n":null,"nums":[1,2,3,4,5,6],"o":[{"a":"b","f":1.5,"n":1,"t":true,"z":null},{"a":"c","n":2,"t":false,"x":{"y":"w"}},{"a":"d e","n":3,"x":{"y":"v"}}],"s":"str\u003c\u003e\u0026"})~"},
    {"{$}", kText, R"~({"apiVersion":"v1","b":true,"big":1e+21,"e":"","el":[],"em":{},"f":1.5,"i":1,"kind":"Thing","l":["a","b","c","d"],"ll":[[1,2],[3,4]],"m":{"k":"v","z":[1,2,{"q":1}]},"metadata":{"labels":{"a.b/c":"v"},"name":"x","namespace":"default"},"n":null,"nums":[1,2,3,4,5,6],"o":[{"a":"b","f":1.5,"n":1,"t":true,"z":null},{"a":"c","n":2,"t":false,"x":{"y":"w"}},{"a":"d e","n":3,"x":{"y":"v"}}],"s":"str\u003c\u003e\u0026"})~"},
    {"{}", kText, R"~({"apiVersion":"v1","b":true,"big":1e+21,"e":"","el":[],"em":{},"f":1.5,"i":1,"kind":"Thing","l":["a","b","c","d"],"ll":[[1,2],[3,4]],"m":{"k":"v","z":[1,2,{"q":1}]},"metadata":{"labels":{"a.b/c":"v"},"name":"x","namespace":"default"},"n":null,"nums":[1,2,3,4,5,6],"o":[{"a":"b","f":1.5,"n":1,"t":true,"z":null},{"a":"c","n":2,"t":false,"x":{"y":"w"}},{"a":"d e","n":3,"x":{"y":"v"}}],"s":"str\u003c\u003e\u0026"})~"},
    {"{.n}", kText, "null"},
    {R"~({.o[?(@.a=="b")].n})~", kText, "1"},
    {"{.o[?(@.n>1)].a}", kText, "c d e"},
    {"{.o[?(@.n>1.5)].a}", kError, "incompatible types for comparison"},
    {"{.o[?(@.f==1.5)].a}", kText, "b"},
    {"{.o[?(@.t==true)].a}", kText, "b"},
    {"{.o[?(@.x)].a}", kText, "c d e"},
    {R"~({.o[?(@.x.y=="w")].a})~", kText, "c"},
    {"{.o[?(@.z==null)].a}", kError, "unrecognized identifier null"},
    {R"~({.o[?(@.a=="b" && @.n==1)].a})~", kParseError, "unrecognized character in action: U+0026 '&'"},
    {R"~({.o[?(@.a=="b"&&@.n==1)].a})~", kParseError, "unrecognized character in action: U+0026 '&'"},
    {"{.o[?(@.a<>1)].a}", kError, "unrecognized filter operator <>"},
    {"{.o[?(@.a==1)].a}", kError, "incompatible types for comparison"},
    {R"~({.o[?(@.a=="d e")].n})~", kText, "3"},
    {"{.o[?(@.a=='d e')].n}", kText, "3"},
    {R"~({.o[?(@.a=="q")].n})~", kText, ""},
    {"{.m[?(@.k)]}", kError, "map[k:v z:[1 2 map[q:1]]] is not array or slice and cannot be filtered"},
    {R"~({.l[?(@=="a")]})~", kText, "a"},
    {"{.nums[?(@>3)]}", kText, "4 5 6"},
    {"{.nums[?(@>=3)]}", kText, "3 4 5 6"},
    {"{.nums[?(@!=3)]}", kText, "1 2 4 5 6"},
    {"{.nums[0:3]}", kText, "1 2 3"},
    {"{.nums[::2]}", kText, "1 3 5"},
    {"{.nums[1:5:2]}", kText, "2 4"},
    {"{.nums[-2:]}", kText, "5 6"},
    {"{.nums[-1]}", kText, "6"},
    {"{.nums[-1:]}", kText, "6"},
    {"{.nums[10]}", kError, "array index out of bounds: index 10, length 6"},
    {"{.nums[0:10]}", kError, "array index out of bounds: index 9, length 6"},
    {"{.nums[-10]}", kError, "array index out of bounds: index -4, length 6"},
    {"{.nums[3:1]}", kError, "starting index 3 is greater than ending index 1"},
    {"{.nums[::0]}", kError, "step must be > 0"},
    {"{.nums[::-1]}", kError, "step must be > 0"},
    {"{.nums[0,2]}", kText, "1 3"},
    {"{.nums[0,2,-1]}", kText, "1 3 6"},
    {"{['i','f']}", kText, "1 1.5"},
    {"{.m['k']}", kText, "v"},
    {"{['m']['k']}", kText, "v"},
    {"{.nums[a]}", kParseError, "invalid array index a"},
    {"{.nums[*]}", kText, "1 2 3 4 5 6"},
    {"{.nums.*}", kText, "1 2 3 4 5 6"},
    {"{.m[0]}", kError, "map[string]interface {} is not array or slice"},
    {"{.i[0]}", kError, "int64 is not array or slice"},
    {"{.l[*].x}", kText, ""},
    {"{.s.x}", kText, ""},
    {"{.i.x}", kText, ""},
    {"{.missing}", kText, ""},
    {"{.missing.x}", kText, ""},
    {"a{.missing}b", kText, "ab"},
    {R"~({range .o[*]}{.a}{"\t"}{.n}{"\n"}{end})~", kText, "b\t1\nc\t2\nd e\t3\n"},
    {"{range .o[*]}{.a}{end}tail", kText, "bcd etail"},
    {"{range .el[*]}{.a}{end}tail", kText, "tail"},
    {"{range .o[*]}{range .x.y}{@}{end};{end}", kText, ";w;v;"},
    {"{range .ll[*]}[{range @[*]}{@},{end}]{end}", kText, "[1,2,][3,4,]"},
    {"{end}", kError, "not in range, nothing to end"},
    {"{range .o[*]}{.a}", kText, "bcd e"},
    {"{range .o[*]}{.a}{end}{end}", kError, "not in range, nothing to end"},
    {"{hello}", kError, "unrecognized identifier hello"},
    {"{.o", kParseError, "unclosed action"},
    {R"~({"abc})~", kParseError, "unterminated quoted string"},
    {"{'abc'}", kText, "abc"},
    {R"~({'a\'b'})~", kText, "a'b"},
    {R"~({"a\"b"})~", kText, R"~(a"b)~"},
    {R"~({"\u00e9\x41\101"})~", kText, R"~(éAA)~"},
    {R"~({"\q"})~", kParseError, R"~(unquote string "\q" error invalid syntax)~"},
    {"{1}", kText, "1"},
    {"{1.5}", kText, "1.5"},
    {"{-3}", kText, "-3"},
    {"{1.2.3}", kParseError, "cannot parse number 1.2.3"},
    {"{true}", kText, "true"},
    {"{..k}", kText, "v"},
    {"{..y}", kText, "w v"},
    {"{...k}", kText, "v"},
    {"{....k}", kParseError, "invalid multiple recursive descent"},
    {R"~({.metadata.labels.a\.b/c})~", kText, "v"},
    {"{.metadata.labels['a.b/c']}", kText, ""},
    {R"~({.metadata.labels['a\.b/c']})~", kText, "v"},
    {"{.o[*]['a','n']}", kText, "b c d e 1 2 3"},
    {"{.o[0]['a', 'n']}", kText, "b 1"},
    {"{.e}x", kText, "x"},
    {"{.em}{.el}", kText, "{}[]"},
    {"{.s}{.m}", kText, R"~(str<>&{"k":"v","z":[1,2,{"q":1}]})~"},
    {"{.s} {.i}", kText, "str<>& 1"},
    {"{ .s }", kText, "str<>&"},
    {"{.s .i}", kText, ""},
    {"{.o[*].a} {.o[*].n}", kText, "b c d e 1 2 3"},
    {"plain", kText, "plain"},
    {"{.l[0:2:1]}", kText, "a b"},
    {"{.l[1:1]}", kText, ""},
    {"{.l[4:]}", kText, ""},
    {"{.l[5:]}", kError, "array index out of bounds: index 5, length 4"},
    {"{.l[:]}", kText, "a b c d"},
    {"{.l[]}", kText, "a"},
    {"{[0]}", kError, "map[string]interface {} is not array or slice"},
    {"{.l['a']}", kText, ""},
    {"{.nums[?(@.x)]}", kText, ""},
    {"{.o[?(@.n==1].a}", kParseError, "unterminated filter"},
    {"{.o[?(@.n==1)}", kParseError, "unclosed array expect ]"},
    {"{.o[(@.n==1)]}", kParseError, "invalid array index (@.n==1)"},
    {"{.s.*}", kText, "115 116 114 60 62 38"},
    {"{%}", kParseError, "unrecognized character in action: U+0025 '%'"},
    {"{.o[?(@.a)]}{.i}", kText, R"~({"a":"b","f":1.5,"n":1,"t":true,"z":null} {"a":"c","n":2,"t":false,"x":{"y":"w"}} {"a":"d e","n":3,"x":{"y":"v"}}1)~"},
    {"{.n.x}", kText, ""},
    {"{.n[0]}", kText, ""},
    {"{.n[*]}", kText, ""},
    {"{.n.*}", kText, ""},
    {"{.n[?(@.x)]}", kError, "<nil> is not array or slice and cannot be filtered"},
    {"{.o[*].z}", kText, "null"},
    {"{.o[*].f}", kText, "1.5"},
    {R"~({"{"})~", kText, "{"},
    {R"~({"}"})~", kText, "}"},
    {R"~({.o[?(@.a=="}")].n})~", kText, ""},
    {R"~({.o[?(@.a == "b")].n})~", kText, "1"},
    {R"~({.o[?(@.a ==  "b" )].n})~", kText, "1"},
    {R"~({.o[?(@["a"]=="b")].n})~", kParseError, R"~(invalid array index "a")~"},
    {R"~({.o[?(@['a']=="b")].n})~", kText, "1"},
    {R"~({.o[?(@.a=~"b")].n})~", kParseError, "unrecognized character in action: U+007E '~'"},
    {R"~({.o[?("b"==@.a)].n})~", kText, "1"},
    {"{.o[?(@.n==-1)].n}", kText, ""},
    {"{.o[?(@.t)].n}", kText, "1 2"},
    {"{.o[?(!@.t)].n}", kParseError, "unrecognized character in action: U+0021 '!'"},
    {"{.l[-3:-1]}", kText, "b c"},
    {"{.l[-1:-3]}", kError, "starting index 3 is greater than ending index 1"},
    {"{.l[1:2:]}", kText, "b"},
    {"{.l[:-1]}", kText, "a b c"},
    {"{.l[0:-0]}", kText, ""},
    {"{range .missing[*]}{.a}{end}t", kText, "t"},
    {R"~({range .o[?(@.n>1)]}{.a}{","}{end})~", kText, "c,d e,"},
    {"{range .o[*]}{@.a}:{$.i};{end}", kText, "b:;c:;d e:;"},
    {R"~({.l[0]}{"\n"}{.l[1]})~", kText, "a\nb"},
    {"{range}{end}", kText, ""},
    {"{.o[?(@.x.y)].x.y}", kText, "w v"},
    {R"~({"a)~", kParseError, "unterminated quoted string"},
    {R"~(b"})~", kText, R"~(b"})~"},
    {"{.i,.f}", kParseError, "unrecognized character in action: U+002C ','"},
    {"{@.l[0],@.l[1]}", kParseError, "unrecognized character in action: U+002C ','"},
    {"{.l[99999999999999999999]}", kParseError, "array index 99999999999999999999 is not a number"},
    {R"~(é{.s}é)~", kText, R"~(éstr<>&é)~"},
    {R"~({.ü})~", kText, ""},
};

// The same with --allow-missing-template-keys=false, where it differs.
const Row kStrictRows[] = {
    {"{.}", kError, " is not found"},
    {"{.o[?(@.f==1.5)].a}", kError, "f is not found"},
    {"{.o[?(@.t==true)].a}", kError, "t is not found"},
    {R"~({.o[?(@.x.y=="w")].a})~", kError, "x is not found"},
    {"{.l[*].x}", kError, "x is not found"},
    {"{.s.x}", kError, "x is not found"},
    {"{.i.x}", kError, "x is not found"},
    {"{.missing}", kError, "missing is not found"},
    {"{.missing.x}", kError, "missing is not found"},
    {"a{.missing}b", kError, "missing is not found"},
    {"{range .el[*]}{.a}{end}tail", kError, "a is not found"},
    {"{range .o[*]}{range .x.y}{@}{end};{end}", kError, "x is not found"},
    {"{range .o[*]}{.a}", kError, "a is not found"},
    {"{.metadata.labels['a.b/c']}", kError, "a is not found"},
    {"{.s .i}", kError, "i is not found"},
    {"{.l['a']}", kError, "a is not found"},
    {"{.n.x}", kError, "x is not found"},
    {"{range .missing[*]}{.a}{end}t", kError, "missing is not found"},
    {"{range .o[*]}{@.a}:{$.i};{end}", kError, "i is not found"},
    {R"~({.ü})~", kError, R"~(ü is not found)~"},
};

void check(const Row& row, bool allow_missing) {
  CAPTURE(row.path);
  auto path = JsonPath::parse(row.path, allow_missing);
  if (row.outcome == kParseError) {
    REQUIRE(!path);
    CHECK(path.error().message == row.text);
    return;
  }
  REQUIRE(path);
  auto got = path->print(document());
  REQUIRE(got.has_value() == (row.outcome == kText));
  CHECK((got ? *got : got.error().message) == row.text);
}

}  // namespace

TEST_CASE("JSONPath: templates print what kubectl prints") {
  for (const auto& row : kRows) check(row, true);
  for (const auto& row : kStrictRows) check(row, false);
}

TEST_CASE("JSONPath: values, by top-level node and all together") {
  auto path = JsonPath::parse("{.l[:2]}x{.missing}", true);
  REQUIRE(path);
  CHECK(Json(*path->find(document())) == Json::parse(R"([["a","b"],["x"],[]])"));
  CHECK(Json(*path->find_all(document())) == Json::parse(R"(["a","b","x"])"));
  CHECK(*path->print_json(document()) == "[\n    \"a\",\n    \"b\"\n]\n[\n    \"x\"\n]\n[]\n");
  CHECK(*JsonPath::parse("{.m.*} {..q}", true)->print(document()) == "v [1,2,{\"q\":1}] 1");  // kubectl: in no order
}

TEST_CASE("JSONPath: the relaxed forms") {
  for (const char* text : {"x.y", ".x.y", "{x.y}", "{.x.y}"}) CHECK(*relaxed_jsonpath(text) == "{.x.y}");
  CHECK(relaxed_jsonpath("")->empty());
  for (const char* text : {"{x", "x}", "{.x}{.y}", "{}", "{{x}}"}) {
    CAPTURE(text);
    auto got = relaxed_jsonpath(text);
    REQUIRE(!got);
    CHECK(got.error().message == "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'");
  }
}

TEST_CASE("JSONPath: hostile templates end in an error or in bounded work") {
  std::string stars = "{", ranges, nested;
  for (int i = 0; i < 30; ++i) stars += "...*";
  Json deep = 1;
  for (int i = 0; i < 150; ++i) deep = Json::array({deep});
  auto explosive = JsonPath::parse(stars + "}", true);
  REQUIRE(explosive);
  CHECK(!explosive->print(deep));
  for (int i = 0; i < 5000; ++i) ranges += "{range @}";
  CHECK(!JsonPath::parse(ranges, true)->print(document()));
  for (int i = 0; i < 5000; ++i) nested += "{[?(@.a";
  CHECK(!JsonPath::parse(nested, true));
  std::string unions = "['a',['b',";
  for (int i = 0; i < 12; ++i) unions += unions;
  (void)JsonPath::parse("{" + unions + "}", true);
  CHECK(!JsonPath::parse(std::string(1 << 20, 'x')));
}
