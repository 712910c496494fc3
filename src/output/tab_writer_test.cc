#include "output/tab_writer.h"

#include <doctest/doctest.h>

using namespace skerry::output;

namespace {

std::string aligned(std::string_view text, TabWriter::Options options = {}) {
  TabWriter writer(options);
  writer.write(text);
  return writer.flush();
}

TabWriter::Options with(int min_width, int tab_width, int padding, char pad = ' ') {
  TabWriter::Options options;
  options.min_width = min_width;
  options.tab_width = tab_width;
  options.padding = padding;
  options.pad = pad;
  return options;
}

}  // namespace

TEST_CASE("tab writer: columns are blocks of lines that follow each other") {
  CHECK(aligned("a\tb\nlonger\tc\n") == "a      b\nlonger c\n");
  CHECK(aligned("a\tb\n\nlonger\tc\n") == "a b\n\nlonger c\n");
  CHECK(aligned("a\tb\nx\nlonger\tc\n") == "a b\nx\nlonger c\n");
  CHECK(aligned("a\tb\tc\nlonger\td\nx\ty\tz\n") == "a      b c\nlonger d\nx      y z\n");
  CHECK(aligned("a\tb\tc\naaa\tbbbb\tccc\n", with(0, 8, 2)) == "a    b     c\naaa  bbbb  ccc\n");
  CHECK(aligned("a\t\tc\nbb\tx\tc\n") == "a    c\nbb x c\n");
  CHECK(aligned("a\tb\flonger\tc\n") == "a b\nlonger c\n");
}

TEST_CASE("tab writer: widths count code points; a last cell without a tab is no column; text without newline") {
  CHECK(aligned("\xc3\xa9\tb\nxx\tc\n") == "\xc3\xa9  b\nxx c\n");
  CHECK(aligned("a\tb\t\nlonger\tc\t\n", with(6, 4, 3)) == "a        b     \nlonger   c     \n");
  CHECK(aligned("a\tb") == "a b");
  CHECK(aligned("") == "");
}

TEST_CASE("tab writer: tabs as padding, alignment to the right, empty columns") {
  CHECK(aligned("a\tb\nlonger-than\tc\n", with(0, 8, 1, '\t')) == "a\t\tb\nlonger-than\tc\n");
  auto right = with(4, 8, 1);
  right.align_right = true;
  CHECK(aligned("a\tb\nlonger\tc\n", right) == "      ab\n longerc\n");
  auto discard = with(4, 8, 1);
  discard.discard_empty_columns = true;
  CHECK(aligned("a\t\tb\nc\t\td\n", discard) == "a   b\nc   d\n");
}

TEST_CASE("tab writer: remembered widths") {
  TabWriter writer = TabWriter::for_tables();
  writer.write("a-long-cell\tb\n");
  CHECK(writer.flush() == "a-long-cell   b\n");
  writer.write("a\tb\n");
  CHECK(writer.flush() == "a             b\n");
}

TEST_CASE("tab writer: a line of very many tabs") {
  std::string line(100000, '\t');
  CHECK(aligned(line + "x\n").size() > 100000 - 256);
}
