// TabWriter: aligns columns of text as Go's text/tabwriter does.
//
// Cells end with '\t'; the text behind a line's last tab belongs to no column. A column is a block of tab-ended cells in
// lines that follow each other directly, as wide as its widest cell; each block has its own width. '\f' ends a line and
// all columns. Widths count Unicode code points. Behind a line's 256th tab, tabs are text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skerry::output {

class TabWriter {
 public:
  struct Options {
    int min_width = 0;
    int tab_width = 8;
    int padding = 1;
    char pad = ' ';                     // '\t': pad with tabs; widths are then multiples of tab_width
    bool discard_empty_columns = false;
    bool align_right = false;
    bool remember_widths = false;       // columns never get narrower, also after flush(): for watches
  };
  explicit TabWriter(Options options) : options_(options) {}

  // What kubectl's tables use: at least 6 wide, 3 blanks between, widths remembered.
  static TabWriter for_tables();
  // What `describe` uses: 2 blanks between.
  static TabWriter for_descriptions();

  void write(std::string_view text);
  // Formats all that was written since the last flush; columns end here.
  std::string flush();

 private:
  struct Cell {
    std::string text;
    int width = 0;
  };
  using Line = std::vector<Cell>;
  void end_cell();
  void format(size_t line0, size_t line1);
  void format_all();
  void write_lines(size_t line0, size_t line1);
  void write_padding(int text_width, int cell_width);

  Options options_;
  std::vector<Line> lines_{1};
  std::string cell_;
  std::string out_;
  std::vector<int> widths_;
  std::vector<int> max_widths_;
};

}  // namespace skerry::output
