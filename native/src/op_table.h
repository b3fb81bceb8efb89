// The op table: each op is one line, `op("relu", "x", +[](Tensor x) { return at::relu(x); })`. Argument conversion,
// the generated TypeScript signature and the exception boundary follow from the lambda's type.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "convert.h"

namespace smash {

class Op {
 public:
  Op(std::string name, std::string parameters) : name_(std::move(name)), parameters_(std::move(parameters)) {}
  virtual ~Op() = default;
  virtual size_t arity() const = 0;
  // Throws; `describe` is set to the arguments' shapes and values first, for the message of whatever is thrown.
  virtual napi_value call(const Context& context, napi_value* arguments, std::string& described) const = 0;
  // `relu(x: Handle): Handle;`
  virtual std::string signature() const = 0;
  const std::string& name() const { return name_; }

 protected:
  std::string name_;
  std::string parameters_;
};

template <class Result, class... Arguments>
class TypedOp final : public Op {
 public:
  using Function = Result (*)(Arguments...);
  TypedOp(std::string name, std::string parameters, Function function)
      : Op(std::move(name), std::move(parameters)), function_(function) {}

  size_t arity() const override { return sizeof...(Arguments); }

  napi_value call(const Context& context, napi_value* arguments, std::string& described) const override {
    return call_with(context, arguments, described, std::index_sequence_for<Arguments...>());
  }

  std::string signature() const override {
    const std::vector<std::string> types = {Convert<Arguments>::name...};
    std::istringstream names(parameters_);
    std::string result = name_ + "(";
    std::string name;
    for (size_t i = 0; i < types.size(); ++i) {
      names >> name;
      result += (i ? ", " : "") + name + ": " + types[i];
    }
    return result + "): " + result_name() + ";";
  }

 private:
  static std::string result_name() {
    if constexpr (std::is_void_v<Result>) {
      return "void";
    } else if constexpr (std::is_same_v<Result, Tensors>) {
      return "Handle[]";
    } else if constexpr (std::is_same_v<Result, Ints>) {
      return "number[]";
    } else {
      return Convert<Result>::name;
    }
  }

  template <size_t... I>
  napi_value call_with(const Context& context, napi_value* arguments, std::string& described,
                       std::index_sequence<I...>) const {
    std::tuple<Arguments...> values{Convert<Arguments>::from(context, arguments[I])...};
    try {
      if constexpr (std::is_void_v<Result>) {
        function_(std::get<I>(values)...);
        napi_value nothing;
        napi_get_undefined(context.env, &nothing);
        return nothing;
      } else {
        return Convert<Result>::to(context, function_(std::get<I>(values)...));
      }
    } catch (...) {
      size_t index = 0;
      ((described += (index++ ? ", " : "") + Convert<Arguments>::describe(std::get<I>(values))), ...);
      throw;
    }
  }

  Function function_;
};

using OpTable = std::vector<std::unique_ptr<Op>>;

template <class Result, class... Arguments>
void add_op(OpTable& table, const char* name, const char* parameters, Result (*function)(Arguments...)) {
  table.push_back(std::make_unique<TypedOp<Result, Arguments...>>(name, parameters, function));
}

// Each source file of ops adds its own.
void add_tensor_ops(OpTable& table);
void add_bank_conv_ops(OpTable& table);
void add_bank_ops(OpTable& table);
void add_conv_ops(OpTable& table);
void add_weight_ops(OpTable& table);
void add_hypernet_ops(OpTable& table);
void add_layer_ops(OpTable& table);
void add_norm_ops(OpTable& table);
void add_optimizer_ops(OpTable& table);
void add_sign_ops(OpTable& table);
void add_profiler_ops(OpTable& table);
void add_recording_ops(OpTable& table);

}  // namespace smash
