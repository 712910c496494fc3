// Writer: text at levels of two blanks whose cells, ended by tabs, are aligned in columns.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace detail {
inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
template <std::integral T>
void append(std::string& text, T part) {
  if constexpr (std::same_as<T, bool>) text += part ? "true" : "false";
  else text += std::to_string(part);
}
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}
}  // namespace detail

class Writer {
 public:
  // `aligned` false: tabs stay as they are.
  explicit Writer(bool aligned = true) : tabs_(output::TabWriter::for_descriptions()), aligned_(aligned) {}

  // The blanks of `level`, then the parts one after the other. Numbers in decimal, bools as true and false.
  template <class... Parts>
  void put(int level, const Parts&... parts) {
    write(level, detail::joined(parts...));
  }
  template <class... Parts>
  void line(int level, const Parts&... parts) {
    write(level, detail::joined(parts..., '\n'));
  }
  // "Name:\tvalue\n"
  template <class... Parts>
  void field(int level, std::string_view name, const Parts&... parts) {
    write(level, detail::joined(name, ":\t", parts..., '\n'));
  }
  // Columns end here.
  void end_columns() { text_ += tabs_.flush(); }
  std::string take();

  // While it lives everything stands `levels` deeper.
  class Deeper {
   public:
    Deeper(Writer& writer, int levels) : writer_(writer), levels_(levels) { writer_.extra_ += levels_; }
    ~Deeper() { writer_.extra_ -= levels_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Writer& writer_;
    const int levels_;
  };

 private:
  void write(int level, std::string text);

  output::TabWriter tabs_;
  const bool aligned_;
  std::string text_;
  int extra_ = 0;
};

}  // namespace skerry::kubectl
