#include "kubectl/flags.h"

#include <cassert>
#include <cstdio>

#include "base/decimal.h"
#include "base/strings.h"

namespace skerry::kubectl {

namespace {

Error flag_error(std::string message) { return Error(Reason::kUnknown, std::move(message)); }

std::string quoted(std::string_view s) { return "\"" + std::string(s) + "\""; }

// As pflag names a flag in its errors: "-o, --output" or "--output".
std::string shown_name(const Flag& flag) {
  std::string name = "--" + std::string(flag.name);
  return flag.letter ? std::string("-") + flag.letter + ", " + name : name;
}

// Go's strconv.ParseBool.
std::optional<bool> parse_bool(std::string_view s) {
  for (auto t : {"1", "t", "T", "true", "TRUE", "True"}) if (s == t) return true;
  for (auto f : {"0", "f", "F", "false", "FALSE", "False"}) if (s == f) return false;
  return std::nullopt;
}

// Digits, perhaps with a sign before them.
bool is_number(std::string_view s) {
  if (s.starts_with('-') || s.starts_with('+')) s.remove_prefix(1);
  return !s.empty() && s.find_first_not_of("0123456789") == s.npos;
}

// Comma separated with CSV quoting, as pflag's StringSlice reads a value.
std::vector<std::string> parse_list(std::string_view s) {
  std::vector<std::string> out;
  if (s.empty()) return out;
  std::string field;
  bool quotes = false;
  for (size_t i = 0; i < s.size(); ++i) {
    if (quotes) {
      if (s[i] != '"') field += s[i];
      else if (i + 1 < s.size() && s[i + 1] == '"') field += s[i++];
      else quotes = false;
    } else if (s[i] == '"' && field.empty()) {
      quotes = true;
    } else if (s[i] == ',') {
      out.push_back(std::move(field));
      field.clear();
    } else {
      field += s[i];
    }
  }
  out.push_back(std::move(field));
  return out;
}

}  // namespace

std::vector<Flag> operator+(std::vector<Flag> a, const std::vector<Flag>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Flags::Flags(std::vector<Flag> table) : table_(std::move(table)) {}

const Flag* Flags::find(std::string_view name) const {
  for (auto& f : table_) if (f.name == name) return &f;
  return nullptr;
}

const Flag* Flags::find(char letter) const {
  for (auto& f : table_) if (f.letter == letter) return &f;
  return nullptr;
}

Status Flags::set(const Flag& flag, const std::string& value, const std::string& shown) {
  auto invalid = [&](const std::string& why) {
    return flag_error("invalid argument " + quoted(value) + " for " + quoted(shown) + " flag: " + why);
  };
  given_.emplace_back(flag.name, value);
  auto& values = values_[std::string(flag.name)];
  switch (flag.type) {
    case FlagType::kBool:
      if (!parse_bool(value)) return invalid("strconv.ParseBool: parsing " + quoted(value) + ": invalid syntax");
      break;
    case FlagType::kInt:
      if (!parse_int(value)) return invalid("strconv.ParseInt: parsing " + quoted(value) + (is_number(value) ? ": value out of range" : ": invalid syntax"));
      break;
    case FlagType::kDuration:
      if (auto d = parse_duration(value); !d) return invalid(d.error().message);
      break;
    case FlagType::kStrings:
      for (auto& part : parse_list(value)) values.push_back(part);
      return {};
    case FlagType::kArray:
      values.push_back(value);
      return {};
    case FlagType::kString: break;
  }
  values.assign(1, value);
  if (!flag.deprecated.empty())
    warnings_.push_back("Flag --" + std::string(flag.name) + " has been deprecated, " + std::string(flag.deprecated));
  return {};
}

Status Flags::parse(const std::vector<std::string>& args) {
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg.size() < 2 || arg[0] != '-') {
      words_.push_back(arg);
      continue;
    }
    if (arg == "--") {
      before_dash_ = static_cast<int>(words_.size());
      words_.insert(words_.end(), args.begin() + static_cast<long>(i) + 1, args.end());
      break;
    }
    if (arg[1] == '-') {
      std::string name = arg.substr(2, arg.find('=') == std::string::npos ? std::string::npos : arg.find('=') - 2);
      if (name.empty() || name[0] == '-' || name[0] == '=') return flag_error("bad flag syntax: " + arg);
      const Flag* flag = find(name);
      if (!flag) return flag_error("unknown flag: --" + name);
      if (auto eq = arg.find('='); eq != std::string::npos) {
        TRY(set(*flag, arg.substr(eq + 1), shown_name(*flag)));
      } else if (flag->type == FlagType::kBool && flag->no_value.empty()) {
        TRY(set(*flag, "true", shown_name(*flag)));
      } else if (!flag->no_value.empty()) {
        TRY(set(*flag, std::string(flag->no_value), shown_name(*flag)));
      } else if (i + 1 < args.size()) {
        TRY(set(*flag, args[++i], shown_name(*flag)));
      } else {
        return flag_error("flag needs an argument: --" + name);
      }
      continue;
    }
    for (size_t k = 1; k < arg.size(); ++k) {
      const Flag* flag = find(arg[k]);
      if (!flag) return flag_error(std::string("unknown shorthand flag: '") + arg[k] + "' in " + arg);
      if (k + 1 < arg.size() && arg[k + 1] == '=') {
        TRY(set(*flag, arg.substr(k + 2), shown_name(*flag)));
        break;
      }
      if (flag->type == FlagType::kBool || !flag->no_value.empty()) {
        TRY(set(*flag, flag->no_value.empty() ? "true" : std::string(flag->no_value), shown_name(*flag)));
        continue;
      }
      if (k + 1 < arg.size()) {
        TRY(set(*flag, arg.substr(k + 1), shown_name(*flag)));
      } else if (i + 1 < args.size()) {
        TRY(set(*flag, args[++i], shown_name(*flag)));
      } else {
        return flag_error(std::string("flag needs an argument: '") + arg[k] + "' in " + arg);
      }
      break;
    }
  }
  return {};
}

std::string Flags::text(std::string_view name) const {
  const Flag* flag = find(name);
  assert(flag);
  auto it = values_.find(name);
  return it == values_.end() || it->second.empty() ? std::string(flag ? flag->fallback : "") : it->second.back();
}

bool Flags::boolean(std::string_view name) const { return parse_bool(text(name)).value_or(false); }
int64_t Flags::number(std::string_view name) const { return parse_int(text(name)).value_or(0); }

std::chrono::nanoseconds Flags::duration(std::string_view name) const {
  return parse_duration(text(name)).value_or(std::chrono::nanoseconds{0});
}

std::vector<std::string> Flags::list(std::string_view name) const {
  const Flag* flag = find(name);
  assert(flag);
  auto it = values_.find(name);
  return it == values_.end() ? parse_list(flag ? flag->fallback : "") : it->second;
}

bool Flags::changed(std::string_view name) const { return values_.find(name) != values_.end(); }
bool Flags::has(std::string_view name) const { return find(name) != nullptr; }

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto bad = [&](std::string_view what) { return flag_error("time: " + std::string(what) + " duration " + quoted(text)); };
  std::string_view s = text;
  bool negative = false;
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) {
    negative = s[0] == '-';
    s.remove_prefix(1);
  }
  if (s == "0") return std::chrono::nanoseconds{0};
  if (s.empty()) return bad("invalid");
  static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1},   {"us", 1e3},  {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                                                                   {"ms", 1e6}, {"s", 1e9},   {"m", 60e9},        {"h", 3600e9}};
  double total = 0;
  while (!s.empty()) {
    size_t n = s.find_first_not_of("0123456789.");
    std::string_view digits = s.substr(0, n);
    const auto value = parse_double(digits);
    if (!value) return bad("invalid");
    if (n == std::string_view::npos) return bad("missing unit in");
    s.remove_prefix(n);
    size_t m = s.find_first_of("0123456789.");
    std::string_view unit = s.substr(0, m);
    double factor = 0;
    for (auto& [name, f] : kUnits) if (name == unit) factor = f;
    if (factor == 0) return flag_error("time: unknown unit " + quoted(unit) + " in duration " + quoted(text));
    total += *value * factor;
    if (total > 9.2e18) return bad("invalid");
    s.remove_prefix(unit.size());
  }
  return std::chrono::nanoseconds{static_cast<int64_t>(negative ? -total : total)};
}

std::string format_duration(std::chrono::nanoseconds d) {
  int64_t n = d.count();
  if (n == 0) return "0s";
  std::string sign = n < 0 ? "-" : "";
  uint64_t u = n < 0 ? static_cast<uint64_t>(-n) : static_cast<uint64_t>(n);
  auto decimal = [](uint64_t value, uint64_t unit) {
    std::string out = std::to_string(value / unit);
    if (uint64_t rest = value % unit) {
      std::string fraction = std::to_string(unit + rest).substr(1);
      while (fraction.back() == '0') fraction.pop_back();
      out += "." + fraction;
    }
    return out;
  };
  if (u < 1000) return sign + std::to_string(u) + "ns";
  if (u < 1000000) return sign + decimal(u, 1000) + "\xc2\xb5s";
  if (u < 1000000000) return sign + decimal(u, 1000000) + "ms";
  uint64_t minutes = u / 60000000000ull;
  std::string seconds = decimal(u % 60000000000ull, 1000000000) + "s";
  if (minutes == 0) return sign + seconds;
  if (minutes < 60) return sign + std::to_string(minutes) + "m" + seconds;
  return sign + std::to_string(minutes / 60) + "h" + std::to_string(minutes % 60) + "m" + seconds;
}

}  // namespace skerry::kubectl
