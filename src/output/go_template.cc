#include "output/go_template.h"

#include <functional>

#include "output/go_format.h"
#include "output/go_template_node.h"

namespace skerry::output {

struct GoTemplate::Parsed : go_template::Program {};

namespace go_template {
namespace {

using Type = Node::Type;
using Kind = Value::Kind;

constexpr size_t kMaxSteps = 20'000'000;           // nodes walked by one execution
constexpr size_t kMaxOutput = 256 * 1024 * 1024;
constexpr int kMaxDepth = 500;                     // templates calling templates, parentheses in parentheses

// How a list of nodes ended.
enum class Flow { kOn, kBreak, kContinue };

class Execution {
 public:
  Execution(const Program& program, const Json& data, std::string& out, bool allow_missing)
      : program_(program), out_(out), allow_missing_(allow_missing), data_(Value::of(data, true)) {}

  Result<void> run() {
    vars_.push_back({"$", data_});
    TRY(walk(data_, *program_.root));
    return {};
  }

 private:
  struct Variable {
    std::string name;
    Value value;
  };
  using Final = const Value*;  // what the command before in the pipeline gave, or null

  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  };

  void at(const Node& node) { node_ = &node; }

  Error error(const std::string& message) const {
    if (node_ == nullptr) return {Reason::kBadRequest, "template: " + template_ + ": " + message};
    std::string before = program_.text.substr(0, node_->pos);
    size_t line_start = before.rfind('\n');
    size_t column = line_start == std::string::npos ? node_->pos : node_->pos - line_start - 1;
    size_t line = 1;
    for (char c : before) line += c == '\n';
    return {Reason::kBadRequest, "template: " + program_.name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": executing " + go_quote(template_) +
                                     " at <" + node_->to_string() + ">: " + message};
  }

  Result<void> step() {
    if (++steps_ > kMaxSteps) return error("the template runs too long");
    if (out_.size() > kMaxOutput) return error("the template prints too much");
    return {};
  }

  Result<Flow> walk(const Value& dot, const Node& node) {
    at(node);
    TRY(step());
    Deeper deeper(depth_);
    if (depth_ > kMaxDepth) return error("exceeded maximum template depth (" + std::to_string(kMaxDepth) + ")");
    switch (node.type) {
      case Type::kList:
        for (const auto& item : node.nodes) {
          Flow flow = TRY(walk(dot, *item));
          if (flow != Flow::kOn) return flow;
        }
        return Flow::kOn;
      case Type::kText: out_ += node.text; return Flow::kOn;
      case Type::kAction: {
        Value value = TRY(pipeline(dot, *node.pipe));
        if (node.pipe->declared.empty()) out_ += value.text();
        return Flow::kOn;
      }
      case Type::kIf:
      case Type::kWith: {
        size_t mark = vars_.size();
        Value value = TRY(pipeline(dot, *node.pipe));
        Flow flow = Flow::kOn;
        if (value.truth()) flow = TRY(walk(node.type == Type::kWith ? value : dot, *node.body));
        else if (node.otherwise) flow = TRY(walk(dot, *node.otherwise));
        vars_.resize(mark);
        return flow;
      }
      case Type::kRange: return range(dot, node);
      case Type::kTemplate: return call_template(dot, node);
      case Type::kBreak: return Flow::kBreak;
      case Type::kContinue: return Flow::kContinue;
      default: return error("unknown node: " + node.to_string());
    }
  }

  Result<Flow> range(const Value& dot, const Node& node) {
    size_t outer = vars_.size();
    Value value = TRY(pipeline(dot, *node.pipe));
    size_t mark = vars_.size();
    const auto& declared = node.pipe->declared;
    // False: stop.
    auto once = [&](const Value& index, const Value& element) -> Result<bool> {
      TRY(step());
      if (!declared.empty()) {
        if (node.pipe->assigns) {
          TRY(assign(declared[0], declared.size() > 1 ? index : element));
          if (declared.size() > 1) TRY(assign(declared[1], element));
        } else {
          vars_[mark - 1].value = element;
          if (declared.size() > 1) vars_[mark - 2].value = index;
        }
      }
      Flow flow = TRY(walk(element, *node.body));
      vars_.resize(mark);
      return flow != Flow::kBreak;
    };
    bool any = false;
    switch (value.kind()) {
      case Kind::kArray:
        any = !value.json().empty();
        for (size_t i = 0; i < value.json().size(); ++i)
          if (!TRY(once(Value::integer(static_cast<int64_t>(i)), Value::of(value.json()[i])))) break;
        break;
      case Kind::kMap:
        any = !value.json().empty();
        for (auto it = value.json().begin(); it != value.json().end(); ++it)
          if (!TRY(once(Value::string(it.key()), Value::of(*it)))) break;
        break;
      case Kind::kInt:  // range over 0 .. n-1
        any = value.integer() > 0;
        if (declared.size() > 1) return error("can't use " + value.text() + " to iterate over more than one variable");
        for (int64_t i = 0; i < value.integer(); ++i)
          if (!TRY(once(Value::integer(i), Value::integer(i)))) break;
        break;
      case Kind::kInvalid:
      case Kind::kNil: break;
      default: return error("range can't iterate over " + value.text());
    }
    Flow flow = Flow::kOn;
    if (!any && node.otherwise) flow = TRY(walk(dot, *node.otherwise));
    vars_.resize(outer);
    return flow;
  }

  Result<Flow> call_template(const Value& dot, const Node& node) {
    at(node);
    auto it = program_.templates.find(node.text);
    if (it == program_.templates.end()) return error("template " + go_quote(node.text) + " not defined");
    Value value;
    if (node.pipe) value = TRY(pipeline(dot, *node.pipe));
    std::vector<Variable> outer;
    outer.swap(vars_);
    vars_.push_back({"$", value});
    std::string name = std::exchange(template_, node.text);
    TRY(walk(value, *it->second));
    template_ = name;
    vars_.swap(outer);
    return Flow::kOn;
  }

  Result<void> assign(const std::string& name, const Value& value) {
    for (size_t i = vars_.size(); i-- > 0;)
      if (vars_[i].name == name) {
        vars_[i].value = value;
        return {};
      }
    return error("undefined variable: " + name);
  }

  Result<Value> variable(const std::string& name) {
    for (size_t i = vars_.size(); i-- > 0;)
      if (vars_[i].name == name) return vars_[i].value;
    return error("undefined variable: " + name);
  }

  Result<Value> pipeline(const Value& dot, const Node& pipe) {
    at(pipe);
    Deeper deeper(depth_);
    if (depth_ > kMaxDepth) return error("exceeded maximum template depth (" + std::to_string(kMaxDepth) + ")");
    Value value;
    for (size_t i = 0; i < pipe.nodes.size(); ++i) {
      Value before = std::move(value);
      value = TRY(command(dot, *pipe.nodes[i], i == 0 ? nullptr : &before)).concrete();
    }
    for (const auto& name : pipe.declared) {
      if (pipe.assigns) TRY(assign(name, value));
      else vars_.push_back({name, value});
    }
    return value;
  }

  Result<void> no_arguments(const Node& command, Final final) {
    if (command.nodes.size() > 1 || final != nullptr) return error("can't give argument to non-function " + command.nodes[0]->to_string());
    return {};
  }

  Result<Value> command(const Value& dot, const Node& command, Final final) {
    TRY(step());
    const Node& first = *command.nodes[0];
    bool arguments = command.nodes.size() > 1 || final != nullptr;
    switch (first.type) {
      case Type::kField:
      case Type::kChain:
      case Type::kVariable: return fields_of(dot, first, arguments);
      case Type::kIdentifier: return function(dot, first, &command, final);
      case Type::kPipe:
        TRY(no_arguments(command, final));
        return pipeline(dot, first);
      default: break;
    }
    at(first);
    TRY(no_arguments(command, final));
    if (first.type == Type::kNil) return error("nil is not a command");
    if (first.type == Type::kNumber && !first.value.valid()) return error(first.text + " overflows int");
    return first.type == Type::kDot ? dot : first.value;
  }

  // kField, kChain and kVariable.
  Result<Value> fields_of(const Value& dot, const Node& node, bool arguments) {
    at(node);
    Value value = dot;
    size_t from = 0;
    if (node.type == Type::kVariable) {
      value = TRY(variable(node.names[0]));
      from = 1;
      if (node.names.size() == 1 && arguments) return error("can't give argument to non-function " + node.names[0]);
    } else if (node.type == Type::kChain) {
      if (node.nodes[0]->type == Type::kNil) return error("indirection through explicit nil in " + node.to_string());
      value = TRY(argument(dot, *node.nodes[0]));
    }
    for (size_t i = from; i < node.names.size(); ++i) {
      bool last = i + 1 == node.names.size();
      value = TRY(field(value, node.names[i], arguments && last));
    }
    return value;
  }

  Result<Value> field(const Value& receiver, const std::string& name, bool arguments) {
    if (!receiver.valid()) {
      if (!allow_missing_) return error("nil data; no entry for key " + go_quote(name));
      return Value();
    }
    if (receiver.is_nil()) return error("nil pointer evaluating interface {}." + name);
    if (receiver.kind() != Kind::kMap) return error("can't evaluate field " + name + " in type " + receiver.type_name());
    if (arguments) return error(name + " is not a method but has arguments");
    auto it = receiver.json().find(name);
    if (it != receiver.json().end()) return Value::of(*it);
    if (!allow_missing_) return error("map has no entry for key " + go_quote(name));
    return Value();
  }

  // An argument of a function that takes any value.
  Result<Value> argument(const Value& dot, const Node& node) {
    at(node);
    switch (node.type) {
      case Type::kDot: return dot;
      case Type::kNil: return Value::nil();
      case Type::kNumber:
        if (!node.value.valid()) return error(node.text + " overflows int");
        return node.value;
      case Type::kBool:
      case Type::kString: return node.value;
      case Type::kField:
      case Type::kChain:
      case Type::kVariable: return fields_of(dot, node, false);
      case Type::kIdentifier: return function(dot, node, nullptr, nullptr);
      case Type::kPipe: return pipeline(dot, node);
      default: return error("can't handle assignment of " + node.to_string() + " to empty interface argument");
    }
  }

  Result<Value> string_argument(const Value& dot, const Node& node) {
    at(node);
    if (node.type == Type::kNil) return error("cannot assign nil to string");
    if (node.type == Type::kBool || node.type == Type::kNumber) return error("expected string; found " + node.to_string());
    Value value = TRY(argument(dot, node));
    return check_string(value);
  }

  Result<Value> check_string(const Value& value) {
    if (!value.valid()) return error("invalid value; expected string");
    if (value.kind() != Kind::kString) return error("wrong type for value; expected string; got " + value.inner_type_name());
    return value;
  }

  Result<Value> function(const Value& dot, const Node& node, const Node* command, Final final) {
    at(node);
    const std::string& name = node.text;
    size_t given = command ? command->nodes.size() - 1 : 0;
    size_t count = given + (final ? 1 : 0);
    const Node* context = command ? command : &node;
    const Arity* arity = function_arity(name);
    if (arity == nullptr) return error(go_quote(name) + " is not a defined function");
    if (arity->at_most < 0 && count < static_cast<size_t>(arity->at_least))
      return error("wrong number of args for " + name + ": want at least " + std::to_string(arity->at_least) + " got " + std::to_string(given));
    if (arity->at_most >= 0 && count != static_cast<size_t>(arity->at_most))
      return error("wrong number of args for " + name + ": want " + std::to_string(arity->at_most) + " got " + std::to_string(count));

    if (name == "and" || name == "or") {  // they stop at the first argument that decides
      Value value;
      for (size_t i = 0; i < given; ++i) {
        value = TRY(argument(dot, *command->nodes[i + 1]));
        if (value.truth() == (name == "or")) return value;
      }
      return final ? *final : value;
    }
    std::vector<Value> args;
    for (size_t i = 0; i < given; ++i) {
      const Node& arg = *command->nodes[i + 1];
      Value value = TRY(i == 0 && arity->first_is_string ? string_argument(dot, arg) : argument(dot, arg));
      args.push_back(std::move(value));
    }
    if (final) {
      Value value = *final;
      if (args.empty() && arity->first_is_string) value = TRY(check_string(value));
      args.push_back(value);
    }
    if (name == "call" && count > 0 && args[0].valid() && !args[0].is_nil()) {
      at(*context);
      return error("error calling call: non-function " + (given > 0 ? command->nodes[1]->to_string() : "") + " of type " + args[0].inner_type_name());
    }
    auto result = call_function(name, args, owned_);
    if (!result) {
      at(*context);
      return error("error calling " + name + ": " + result.error().message);
    }
    return result;
  }

  const Program& program_;
  std::string& out_;
  bool allow_missing_;
  Value data_;
  std::string template_ = program_.name;
  std::vector<Variable> vars_;
  Keeper owned_;
  const Node* node_ = nullptr;
  size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace
}  // namespace go_template

Result<GoTemplate> GoTemplate::parse(std::string_view text, std::string_view name) {
  auto program = TRY(go_template::parse(text, name));
  GoTemplate out;
  out.parsed_ = std::make_shared<Parsed>(Parsed{std::move(program)});
  return out;
}

Result<void> GoTemplate::execute(const Json& data, std::string& out, bool allow_missing) const {
  return go_template::Execution(*parsed_, data, out, allow_missing).run();
}

}  // namespace skerry::output
