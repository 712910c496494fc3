// Values inside a Go template: JSON data plus what literals and functions make. Internal to go_template*.cc.
#pragma once

#include <string>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace skerry::output::go_template {

class Value {
 public:
  enum class Kind { kInvalid, kNil, kBool, kInt, kFloat, kString, kArray, kMap };

  Value() = default;  // kInvalid: a key that was not there, prints "<no value>"
  static Value nil();
  static Value boolean(bool v);
  static Value integer(int64_t v);
  static Value real(double v);
  static Value string(std::string v);
  // Refers to `json`, which outlives it. `typed`: the data itself; everything below it is of type interface{}.
  static Value of(const Json& json, bool typed = false);

  Kind kind() const { return kind_; }
  bool valid() const { return kind_ != Kind::kInvalid; }
  bool is_nil() const { return kind_ == Kind::kNil; }
  bool flag() const { return int_ != 0; }
  int64_t integer() const { return int_; }
  double real() const { return real_; }
  const std::string& string() const { return string_; }
  const Json& json() const { return *json_; }  // kArray, kMap
  // What a pipeline makes of it: no longer an interface; nil becomes invalid.
  Value concrete() const;

  bool truth() const;
  std::string type_name() const;        // "float64"; "interface {}" for what came out of a map or list
  std::string inner_type_name() const;  // never "interface {}" but for nil
  Json to_json() const;
  std::string text() const;  // %v

 private:
  Kind kind_ = Kind::kInvalid;
  bool interface_ = false;
  bool from_json_ = false;  // whole numbers of data are int64, of literals int
  int64_t int_ = 0;
  double real_ = 0;
  std::string string_;
  const Json* json_ = nullptr;
};

// fmt.Sprintf, fmt.Sprint and fmt.Sprintln. Widths and precisions are bounded.
std::string go_sprintf(std::string_view format, const std::vector<Value>& args);
std::string go_sprint(const std::vector<Value>& args);
std::string go_sprintln(const std::vector<Value>& args);

// A builtin but `and` and `or`. The Error's message is what Go puts behind "error calling index: "; `owned` keeps what a result refers to.
using Keeper = std::vector<std::unique_ptr<Json>>;
Result<Value> call_function(std::string_view name, const std::vector<Value>& args, Keeper& owned);
// How many arguments it takes; at_most < 0: any number.
struct Arity {
  int at_least = 0;
  int at_most = -1;
  bool first_is_string = false;
};
const Arity* function_arity(std::string_view name);

}  // namespace skerry::output::go_template
