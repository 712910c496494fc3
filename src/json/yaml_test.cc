#include "json/yaml.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace skerry;
using namespace skerry::json;

TEST_CASE("YAML: scalars as Kubernetes' clients read them") {
  struct { const char* text; Json want; } rows[] = {
      {"", nullptr}, {"~", nullptr}, {"null", nullptr}, {"true", true}, {"yes", true}, {"Off", false}, {"'yes'", "yes"}, {"\"1\"", "1"}, {"!!str 1", "1"},
      {"12", 12}, {"-12", -12}, {"+12", 12}, {"0755", 493}, {"0x1F", 31}, {"-0x1F", -31}, {"0o17", 15}, {"1.5", 1.5}, {"1e3", 1000}, {"1.0", 1}, {"y", true}, {"N", false}, {".5", 0.5},
      {"0x", "0x"}, {"0xg", "0xg"}, {"0x-5", "0x-5"}, {"+-5", "+-5"}, {"1.2.3", "1.2.3"}, {"100m", "100m"}, {"1Gi", "1Gi"}, {"2026-01-02", "2026-01-02"},
      {"-", Json::array({nullptr})}, {"a b", "a b"}, {"0", 0}, {"-0", 0}, {"9223372036854775807", INT64_MAX}, {"+", "+"}, {"-.", "-."}, {"nan", "nan"}, {"inf", "inf"},
      {"1.0.0.1/24", "1.0.0.1/24"}, {"12:30", "12:30"},
  };
  for (auto& r : rows) {
    CAPTURE(r.text);
    auto got = parse_yaml(r.text);
    REQUIRE(got);
    CHECK(*got == r.want);
    CHECK(got->type() == r.want.type());
  }
}

TEST_CASE("YAML: structure, anchors, streams") {
  CHECK(*parse_yaml("a: {b: [1, two]}\nc:\n- d: e\n  f: |\n    x\n    y\n") == Json::parse(R"({"a":{"b":[1,"two"]},"c":[{"d":"e","f":"x\ny\n"}]})"));
  CHECK(*parse_yaml("a: &x {k: v}\nb: *x\n") == Json::parse(R"({"a":{"k":"v"},"b":{"k":"v"}})"));
  CHECK(*parse_yaml(R"({"json": ["is", "yaml", null, 1.5]})") == Json::parse(R"({"json":["is","yaml",null,1.5]})"));
  CHECK(*parse_yaml("1: a\ntrue: b\n") == Json::parse(R"({"1":"a","true":"b"})"));
  auto stream = parse_yaml_stream("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n");
  REQUIRE(stream);
  REQUIRE(stream->size() == 2);
  CHECK((*stream)[1] == Json::parse(R"({"b":2})"));
  CHECK(parse_yaml_stream("")->empty());
}

TEST_CASE("YAML: bad text is BadRequest and says where") {
  for (const char* bad : {"a: [", "a: b: c", "\tx: 1", "{a: 1", "a: 1\na: 2\n", "? [a]\n: b", "*nowhere", "'open", "a: !<"}) {
    CAPTURE(bad);
    auto got = parse_yaml(bad);
    REQUIRE(!got);
    CHECK(got.error().is(Reason::kBadRequest));
  }
  CHECK(parse_yaml_stream("a: 1\n---\nb: x\nc: d: e\n").error().message.find("line 4") != std::string::npos);
  for (const char* odd : {",\xeb\xeb", ",", ",\n---\n,", "]", "}"}) (void)parse_yaml_stream(odd);  // must end
  CHECK(parse_yaml("a: 1\nb: [1\n").error().message.find("line") != std::string::npos);
}

TEST_CASE("YAML: an alias bomb and deep nesting end in an error, not in memory or stack") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string p = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + p;
    for (int k = 0; k < 9; ++k) bomb += "," + p;
    bomb += "]\n";
  }
  CHECK(!parse_yaml(bomb));
  CHECK(!parse_yaml(std::string(5000, '[')));
  CHECK(!parse_yaml(std::string(300, '[') + std::string(300, ']')));
  CHECK(!parse_yaml(std::string(200000, '{')));
  std::string dashes;
  for (int i = 0; i < 20000; ++i) dashes += "- ";
  CHECK(!parse_yaml(dashes));
}

TEST_CASE("YAML: what is written reads back the same") {
  Json value = Json::parse(R"({"a":[],"b":{},"c":"yes","d":"1","e":"","f":"multi\nline\n","g":"no newline\nat end","h":" leading","i":"tab\there",
    "j":null,"k":true,"l":1.5,"m":[{"x":1},[1,[2]]],"n":"0755","o":"a: b","p":"# no comment","q":"- x","true":"key","":"empty key","r":"\n","s":"x\n\n",
    "t":"ends in blank \n","u":"*star","v":"ä\u0001\u007f\u0085\u2028","w":"12:30","x":"'q\"","y":-5,"z":9223372036854775807})");
  auto back = parse_yaml(dump_yaml(value));
  REQUIRE_MESSAGE(back, dump_yaml(value));
  CHECK(*back == value);

  static const char* kPieces[] = {"a", " ", "\n", ":", "#", "-", "'", "\"", "1", "yes", "\t", "{", "[", ",", "&", "*", "!", "|", ">", "%", "@", "\\", "~", "ä", "0x", ".", "\r", "?", "\x7f"};
  for (uint64_t seed = 0; seed < 400; ++seed) {
    SeededRandom random(seed);
    std::string s;
    for (uint64_t n = random.below(8); n-- > 0;) s += kPieces[random.below(std::size(kPieces))];
    Json v = {{"k", s}, {"l", Json::array({s, Json{{s, s}}})}};
    CAPTURE(seed);
    CAPTURE(dump_yaml(v));
    auto got = parse_yaml(dump_yaml(v));
    REQUIRE(got);
    CHECK(*got == v);
  }
}

// What kubectl 1.36 prints with -o yaml for {"v": text}, without "v:".
TEST_CASE("YAML: strings are written as kubectl writes them") {
  struct { const char* text; const char* want; } rows[] = {
      {"", " \"\""}, {"a", " a"}, {"yes", " \"yes\""}, {"y", " \"y\""}, {"tRue", " tRue"}, {"~", " \"~\""}, {"nil", " nil"}, {"1", " \"1\""}, {"1e3", " \"1e3\""},
      {"0x1f", " \"0x1f\""}, {"0o17", " \"0o17\""}, {"017", " \"017\""}, {"08", " \"08\""}, {"1_000", " \"1_000\""}, {"1.2.3", " 1.2.3"}, {"100m", " 100m"},
      {"12:30", " \"12:30\""}, {"1:2:3.5", " \"1:2:3.5\""}, {"190:99", " 190:99"}, {"2026-01-01", " \"2026-01-01\""}, {"2026-13-01", " 2026-13-01"},
      {"2026-01-01T00:00:00Z", " \"2026-01-01T00:00:00Z\""}, {".inf", " \".inf\""}, {"inf", " inf"}, {"1e400", " 1e400"}, {"<<", " <<"},
      {"-", " '-'"}, {"-a", " -a"}, {"- a", " '- a'"}, {"--- a", " '--- a'"}, {":a", " :a"}, {"a:", " 'a:'"}, {"a: b", " 'a: b'"}, {"a:b", " a:b"}, {"a #b", " 'a #b'"}, {"a#", " a#"},
      {" a", " ' a'"}, {"a ", " 'a '"}, {"it's", " it's"}, {"'q'", " '''q'''"}, {"a\tb", " \"a\\tb\""}, {"a\rb", " \"a\\rb\""}, {"{a}", " '{a}'"}, {"a,b", " a,b"}, {"*a", " '*a'"},
      {"é", " é"}, {"\xf0\x9f\x98\x80", " \"\\U0001F600\""}, {"\x01\x1b", " \"\\x01\\e\""}, {"\xe2\x80\xa8", " '\xe2\x80\xa8'"}, {"\xc2\xa0", " \xc2\xa0"},
      {"a\n", " |\n  a"}, {"a\nb", " |-\n  a\n  b"}, {"a\n\n", " |+\n  a\n"}, {"\n", " |2+\n"}, {" a\nb", " |2-\n   a\n  b"}, {"a\n b", " |-\n  a\n   b"}, {"a \nb", " \"a \\nb\""},
      {"a\nb ", " \"a\\nb \""}, {"a\n\tb", " \"a\\n\\tb\""}, {"\na", " |2-\n\n  a"},
  };
  for (auto& r : rows) {
    CAPTURE(r.text);
    std::string got = dump_yaml(Json{{"v", r.text}});
    CHECK(got == std::string("v:") + r.want + "\n");
  }
}

TEST_CASE("YAML: long lines are folded behind column 80, and not inside runs of blanks") {
  std::string words, folded = "v:";
  for (int i = 0; i < 20; ++i) words += "word ";
  CHECK(dump_yaml(Json{{"v", words + "x"}}) ==
        "v: word word word word word word word word word word word word word word word word\n  word word word word x\n");
  CHECK(dump_yaml(Json{{"v", std::string(100, 'x') + "  y"}}) == "v: " + std::string(100, 'x') + "  y\n");
  CHECK(dump_yaml(Json{{"v", std::string(80, 'x') + "\t y"}}) == "v: \"" + std::string(80, 'x') + "\\t\n  y\"\n");
  CHECK(dump_yaml(Json{{"v", std::string(80, 'x') + "\t  y"}}) == "v: \"" + std::string(80, 'x') + "\\t\n  \\ y\"\n");
}

TEST_CASE("YAML: structure and the order of keys are kubectl's") {
  Json value = Json::parse(R"({"b":{"list":[1,[2,[3]],{"a":1,"b":[]},"t\n"],"empty":{},"none":null},"a10":1,"a2":2,"A":3,"-":4,"image":1.5,"imagePull":1000000,"e":1e21,"n":-0.00001,
    "k\ney":{"x":1}})");
  CHECK(dump_yaml(value) == R"('-': 4
A: 3
a2: 2
a10: 1
b:
  empty: {}
  list:
  - 1
  - - 2
    - - 3
  - a: 1
    b: []
  - |
    t
  none: null
e: 1e+21
image: 1.5
imagePull: 1000000
? |-
  k
  ey
: x: 1
"n": -1e-05
)");
  CHECK(dump_yaml(Json::array()) == "[]\n");
  CHECK(dump_yaml(Json("x")) == "x\n");
  CHECK(dump_yaml(Json{{std::string(129, 'k'), 1}}) == "? " + std::string(129, 'k') + "\n: 1\n");
}

TEST_CASE("YAML: merge keys, binary, and the numbers of YAML 1.1") {
  CHECK(*parse_yaml("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: {\"<<\": 1}\n") == Json::parse(R"({"a":{"x":1,"z":2},"b":{"x":1,"z":3},"c":{"<<":1}})"));
  CHECK(!parse_yaml("a: {<<: 1}"));
  CHECK(*parse_yaml("a: !!binary aGk=") == Json::parse(R"({"a":"hi"})"));
  CHECK(*parse_yaml("[0b11, -0b11, 1_000, 08, 0o17, 18446744073709551615, 18446744073709551616, 1., 1e400, 2026-01-01, \"\\N\"]") ==
        Json::parse(R"([3,-3,1000,8,15,18446744073709551615,18446744073709551616.0,1,"1e400","2026-01-01","\u0085"])"));
}

TEST_CASE("YAML: keys become text; of a key given twice the last may win") {
  CHECK(*parse_yaml("0x10: a\n1.5: b\nyes: c\n\"no\": d\n") == Json::parse(R"({"16":"a","1.5":"b","true":"c","no":"d"})"));
  CHECK(!parse_yaml("~: a"));
  CHECK(*parse_yaml("a: 1\na: 2\n", DuplicateKeys::kLastWins) == Json::parse(R"({"a":2})"));
  CHECK(!parse_yaml("a: 1\na: 2\n"));
}
