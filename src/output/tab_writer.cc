#include "output/tab_writer.h"

#include <algorithm>
#include <utility>

namespace skerry::output {
namespace {

constexpr size_t kMaxColumns = 256;  // format() recurses once per column

int count_code_points(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

TabWriter TabWriter::for_tables() {
  Options options;
  options.min_width = 6;
  options.tab_width = 4;
  options.padding = 3;
  options.remember_widths = true;
  return TabWriter(options);
}

TabWriter TabWriter::for_descriptions() {
  Options options;
  options.padding = 2;
  return TabWriter(options);
}

void TabWriter::end_cell() {
  int width = count_code_points(cell_);
  lines_.back().push_back({std::move(cell_), width});
  cell_.clear();
}

void TabWriter::write(std::string_view text) {
  for (char c : text) {
    if (c == '\t' && lines_.back().size() < kMaxColumns) {
      end_cell();
    } else if (c == '\n' || c == '\f') {
      end_cell();
      size_t cells = lines_.back().size();
      lines_.emplace_back();
      // A line of one cell ends every column, so what came before needs no waiting.
      if (c == '\f' || cells == 1) format_all();
    } else {
      cell_ += c;
    }
  }
}

std::string TabWriter::flush() {
  if (!cell_.empty()) end_cell();
  format_all();
  return std::exchange(out_, {});
}

void TabWriter::format_all() {
  format(0, lines_.size());
  lines_.assign(1, {});
}

// Lines [line0, line1) share the columns in widths_; finds the blocks of the next column.
void TabWriter::format(size_t line0, size_t line1) {
  size_t column = widths_.size();
  for (size_t at = line0; at < line1; ++at) {
    if (column + 1 >= lines_[at].size()) continue;
    write_lines(line0, at);
    line0 = at;
    int width = options_.min_width;
    bool all_empty = true;
    for (; at < line1 && column + 1 < lines_[at].size(); ++at) {
      int cell_width = lines_[at][column].width;
      width = std::max(width, cell_width + options_.padding);
      if (cell_width > 0) all_empty = false;
    }
    if (all_empty && options_.discard_empty_columns) width = 0;
    if (options_.remember_widths) {
      if (max_widths_.size() <= column) max_widths_.resize(column + 1);
      width = max_widths_[column] = std::max(width, max_widths_[column]);
    }
    widths_.push_back(width);
    format(line0, at);
    widths_.pop_back();
    line0 = at;
  }
  write_lines(line0, line1);
}

void TabWriter::write_lines(size_t line0, size_t line1) {
  for (size_t i = line0; i < line1; ++i) {
    const Line& line = lines_[i];
    for (size_t j = 0; j < line.size(); ++j) {
      const Cell& cell = line[j];
      bool pad = j < widths_.size();
      if (pad && options_.align_right) write_padding(cell.width, widths_[j]);
      out_ += cell.text;
      if (pad && !options_.align_right) write_padding(cell.width, widths_[j]);
    }
    if (i + 1 < lines_.size()) out_ += '\n';
  }
}

void TabWriter::write_padding(int text_width, int cell_width) {
  if (options_.pad == '\t') {
    int tab = options_.tab_width;
    if (tab == 0) return;
    cell_width = (cell_width + tab - 1) / tab * tab;
    out_.append(std::max(0, (cell_width - text_width + tab - 1) / tab), '\t');
    return;
  }
  out_.append(std::max(0, cell_width - text_width), options_.pad);
}

}  // namespace skerry::output
