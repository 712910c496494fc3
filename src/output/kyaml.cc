#include "output/kyaml.h"

#include <algorithm>
#include <cstdio>

#include "base/strings.h"
#include "json/yaml_scalar.h"
#include "output/go_format.h"
#include "output/json_text.h"
#include "output/unquote.h"

namespace skerry::output {
namespace {

// What some reader of YAML might take for something else is quoted.
bool plain_key(const std::string& key) {
  for (size_t i = 0; i < key.size();) {
    CodePoint c = decode_utf8(key, i);
    bool mark = c.value == '-' || c.value == '.' || c.value == '/';
    if (!is_identifier_char(c.value) && (!mark || i == 0)) return false;
    i += c.length;
  }
  static constexpr std::string_view kWords[] = {"y", "n", "t", "f", "yes", "no", "on", "off", "true", "false", "null"};
  return !key.empty() && json::plain_reads_as_text(key) && std::find(std::begin(kWords), std::end(kWords), to_lower(key)) == std::end(kWords);
}

void append_escaped(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    CodePoint c = decode_utf8(text, i);
    i += c.length;
    switch (c.value) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\t': out += '\t'; break;
      case '\r': out += "\\r"; break;
      case '\n': out += "\\n"; break;
      case 0x1b: out += "\\e"; break;
      default:
        if (c.value < 0x20 || (c.value >= 0x7f && c.value < 0xa0)) {
          char hex[8];
          std::snprintf(hex, sizeof hex, "\\x%02X", static_cast<unsigned>(c.value));
          out += hex;
        } else {
          append_utf8(out, c.value);
        }
    }
  }
}

class Writer {
 public:
  std::string out;

  template <class J>
  void value(const J& v, size_t indent) {
    if (v.is_object()) return object(v, indent);
    if (v.is_array()) return array(v, indent);
    if (v.is_string()) return text(v.template get_ref<const std::string&>(), indent);
    if (v.is_null()) out += "null";
    else if (v.is_number_float()) out += float_text(v.template get<double>());
    else out += v.dump();
  }

 private:
  void line(size_t indent) {
    out += '\n';
    out.append(indent, ' ');
  }

  template <class J>
  void object(const J& v, size_t indent) {
    out += '{';
    for (const auto& [key, item] : v.items()) {
      line(indent + 2);
      if (plain_key(key)) {
        out += key;
      } else {
        out += '"';
        append_escaped(out, key);
        out += '"';
      }
      out += ": ";
      value(item, indent + 2);
      out += ',';
    }
    if (!v.empty()) line(indent);
    out += '}';
  }

  // Lists of nothing but objects and lists share their braces' lines: "[{", "}, {", "}]".
  template <class J>
  void array(const J& v, size_t indent) {
    bool cuddled = std::all_of(v.begin(), v.end(), [](const J& item) { return item.is_structured(); });
    out += '[';
    for (size_t i = 0; i < v.size(); ++i) {
      if (cuddled) {
        if (i > 0) out += ", ";
        value(v[i], indent);
      } else {
        line(indent + 2);
        value(v[i], indent + 2);
        out += ',';
      }
    }
    if (!cuddled) line(indent);
    out += ']';
  }

  // Text of several lines stands in one string whose line ends are escaped.
  void text(std::string_view s, size_t indent) {
    out += '"';
    if (s.find('\n') == std::string_view::npos) {
      append_escaped(out, s);
      out += '"';
      return;
    }
    out += '\\';
    while (!s.empty()) {
      size_t end = s.find('\n');
      std::string_view part = s.substr(0, end);
      line(indent + 2);
      out += part.starts_with(' ') || part.starts_with('\t') ? '\\' : ' ';
      append_escaped(out, part);
      if (end != std::string_view::npos) out += "\\n";
      out += '\\';
      s = end == std::string_view::npos ? std::string_view() : s.substr(end + 1);
    }
    line(indent + 2);
    out += '"';
  }
};

template <class J>
std::string dump(const J& value) {
  Writer writer;
  writer.out = "---\n";
  writer.value(value, 0);
  return std::move(writer.out) + "\n";
}

}  // namespace

std::string dump_kyaml(const Json& value) { return dump(value); }
std::string dump_kyaml(const OrderedJson& value) { return dump(value); }

}  // namespace skerry::output
