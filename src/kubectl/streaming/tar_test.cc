#include "kubectl/streaming/tar.h"

#include <doctest/doctest.h>

using namespace skerry;
using namespace skerry::kubectl;

namespace {

std::string listing(std::string_view stream, size_t step, bool* complete = nullptr) {
  std::string log;
  TarParser parser({[&](const TarEntry& e) { return log += std::string(1, e.type) + " " + e.name + (e.link.empty() ? "" : " -> " + e.link) + " " + std::to_string(e.size) + ":", Status(); },
                    [&](std::string_view bytes) { return log += bytes, Status(); }, [&] { return log += ";", Status(); }});
  for (size_t at = 0; at < stream.size(); at += step) {
    if (auto status = parser.feed(stream.substr(at, step)); !status) return log + "!" + status.error().message;
  }
  if (complete) *complete = parser.complete();
  return log;
}

std::string file(const std::string& name, const std::string& data) {
  TarEntry entry;
  entry.name = name;
  entry.size = data.size();
  return tar_header(entry) + data + tar_padding(data.size());
}

}  // namespace

TEST_CASE("tar: what is written is read again, in pieces of any size, with long names") {
  std::string long_name = std::string(150, 'd') + "/" + std::string(140, 'f');
  TarEntry link, directory;
  link.type = '2', link.name = "l", link.link = std::string(120, 't');
  directory.type = '5', directory.name = "dir/";
  std::string stream = file("a", "hello") + file(long_name, std::string(512, 'x')) + tar_header(link) + tar_header(directory) + file("empty", "") + tar_end() + "rest";
  std::string expected = "0 a 5:hello;0 " + long_name + " 512:" + std::string(512, 'x') + ";2 l -> " + link.link + " 0:;5 dir/ 0:;0 empty 0:;";
  for (size_t step : {size_t{1}, size_t{511}, size_t{513}, stream.size()}) {
    bool complete = false;
    CHECK(listing(stream, step, &complete) == expected);
    CHECK(complete);
  }
}

TEST_CASE("tar: GNU long names, and streams that end early") {
  TarEntry longlink;
  longlink.type = 'L', longlink.name = "././@LongLink";
  std::string name(300, 'n');
  longlink.size = name.size() + 1;
  std::string stream = tar_header(longlink) + name + std::string(1, '\0') + tar_padding(name.size() + 1) + file("short", "data");
  CHECK(listing(stream, 100) == "0 " + name + " 4:data;");
  bool complete = true;
  std::string one = file("a", "hello");
  listing(one.substr(0, 514), 100, &complete);
  CHECK(!complete);
  listing(one, 100, &complete);
  CHECK(complete);
}

TEST_CASE("tar: malformed streams are refused") {
  std::string wrong_sum = file("a", "hello");
  wrong_sum[0] = 'b';
  CHECK(listing(wrong_sum, 512).find("!archive/tar: invalid tar header") != std::string::npos);
  TarEntry pax;
  pax.type = 'x', pax.name = "x";
  for (std::string text : {"5", "99 path=x\n", "9 path=x", "-1 a=b\n", "2 \n", "7 =abc\n"}) {
    pax.size = text.size();
    CHECK_MESSAGE(listing(tar_header(pax) + text + tar_padding(text.size()) + file("a", ""), 512).find("!archive/tar: invalid pax") != std::string::npos, text);
  }
  pax.size = 1 << 20;
  CHECK(listing(tar_header(pax), 512).find("!archive/tar: header too long") != std::string::npos);
  CHECK(listing(std::string(512, 'z'), 512).find("!") != std::string::npos);
}
