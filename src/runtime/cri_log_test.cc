#include "runtime/cri_log.h"

#include <doctest/doctest.h>

using skerry::runtime::CriLogStream;
using skerry::runtime::kMaxLogLine;

TEST_CASE("cri log: lines are cut at newlines, however they arrive") {
  CriLogStream stream("stdout");
  std::string out;
  stream.add("one\ntw", "T", out);
  stream.add("o\r\n\nrest", "T", out);
  CHECK(out == "T stdout F one\nT stdout F two\nT stdout F \n");
  stream.finish("T", out);
  CHECK(out == "T stdout F one\nT stdout F two\nT stdout F \nT stdout P rest\n");
}

TEST_CASE("cri log: a long line becomes partial records") {
  CriLogStream stream("stderr");
  std::string out;
  stream.add(std::string(kMaxLogLine + 10, 'x'), "T", out);
  stream.add("\n", "T", out);
  CHECK(out == "T stderr P " + std::string(kMaxLogLine, 'x') + "\nT stderr F " + std::string(10, 'x') + "\n");
}
