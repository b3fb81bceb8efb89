// Conversions between JavaScript values and C++ arguments, one trait a type, and the TypeScript name of each: the
// bindings in src/tensor/native-ops.ts are generated from them.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <node_api.h>

#include <cmath>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "tensor_table.h"

namespace smash {

using Tensor = at::Tensor;
using OptionalTensor = c10::optional<at::Tensor>;
using Ints = std::vector<int64_t>;
using Tensors = std::vector<at::Tensor>;
using OptionalTensors = std::vector<OptionalTensor>;

// Where an op runs: the thread's own table, found through the addon's instance data.
struct Context {
  napi_env env;
  TensorTable& table;
};

// A wrong argument type (a mistake in our own TypeScript, or a caller without types).
struct BadArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check_status(napi_status status, const char* expected) {
  if (status != napi_ok) throw BadArgument(std::string("expected ") + expected);
}

template <class T>
struct Convert;

template <>
struct Convert<int64_t> {
  static constexpr const char* name = "number";
  static int64_t from(const Context& context, napi_value value) {
    double result;
    check_status(napi_get_value_double(context.env, value, &result), "a whole number");
    // Anything else would be cut off to one without a word.
    constexpr double kMost = 1ll << 53;
    if (std::trunc(result) != result || std::abs(result) > kMost) throw BadArgument("expected a whole number");
    return static_cast<int64_t>(result);
  }
  static napi_value to(const Context& context, int64_t value) {
    napi_value result;
    napi_create_int64(context.env, value, &result);
    return result;
  }
  static std::string describe(int64_t value) { return std::to_string(value); }
};

template <>
struct Convert<double> {
  static constexpr const char* name = "number";
  static double from(const Context& context, napi_value value) {
    double result;
    check_status(napi_get_value_double(context.env, value, &result), "a number");
    return result;
  }
  static napi_value to(const Context& context, double value) {
    napi_value result;
    napi_create_double(context.env, value, &result);
    return result;
  }
  static std::string describe(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
  }
};

template <>
struct Convert<bool> {
  static constexpr const char* name = "boolean";
  static bool from(const Context& context, napi_value value) {
    bool result;
    check_status(napi_get_value_bool(context.env, value, &result), "true or false");
    return result;
  }
  static napi_value to(const Context& context, bool value) {
    napi_value result;
    napi_get_boolean(context.env, value, &result);
    return result;
  }
  static std::string describe(bool value) { return value ? "true" : "false"; }
};

template <>
struct Convert<std::string> {
  static constexpr const char* name = "string";
  static std::string from(const Context& context, napi_value value) {
    size_t length = 0;
    check_status(napi_get_value_string_utf8(context.env, value, nullptr, 0, &length), "a string");
    std::string result(length, '\0');
    napi_get_value_string_utf8(context.env, value, &result[0], length + 1, &length);
    return result;
  }
  static napi_value to(const Context& context, const std::string& value) {
    napi_value result;
    napi_create_string_utf8(context.env, value.data(), value.size(), &result);
    return result;
  }
  static std::string describe(const std::string& value) { return '"' + value + '"'; }
};

// Device strings are libtorch's: "cpu", "cuda", "cuda:1".
template <>
struct Convert<at::Device> {
  static constexpr const char* name = "string";
  static at::Device from(const Context& context, napi_value value) {
    return at::Device(Convert<std::string>::from(context, value));
  }
  static napi_value to(const Context& context, const at::Device& value) {
    return Convert<std::string>::to(context, value.str());
  }
  static std::string describe(const at::Device& value) { return value.str(); }
};

template <>
struct Convert<at::ScalarType> {
  static constexpr const char* name = "DType";
  static constexpr std::pair<at::ScalarType, const char*> names[] = {
      {at::kFloat, "float32"}, {at::kDouble, "float64"}, {at::kBFloat16, "bfloat16"}, {at::kLong, "int64"},
      {at::kInt, "int32"},     {at::kByte, "uint8"},     {at::kBool, "bool"}};
  static at::ScalarType from(const Context& context, napi_value value) {
    const std::string wanted = Convert<std::string>::from(context, value);
    for (const auto& entry : names) {
      if (wanted == entry.second) return entry.first;
    }
    throw BadArgument("unknown dtype " + wanted);
  }
  static std::string describe(at::ScalarType value) {
    for (const auto& entry : names) {
      if (value == entry.first) return entry.second;
    }
    return at::toString(value);
  }
  static napi_value to(const Context& context, at::ScalarType value) {
    return Convert<std::string>::to(context, describe(value));
  }
};

template <>
struct Convert<Tensor> {
  static constexpr const char* name = "Handle";
  static Tensor from(const Context& context, napi_value value) {
    return context.table.get(Convert<int64_t>::from(context, value));
  }
  static napi_value to(const Context& context, Tensor value) {
    return Convert<int64_t>::to(context, context.table.add(std::move(value)));
  }
  static std::string describe(const Tensor& value) {
    if (!value.defined()) return "undefined";
    std::ostringstream out;
    out << Convert<at::ScalarType>::describe(value.scalar_type()) << " [";
    for (int64_t i = 0; i < value.dim(); ++i) out << (i ? ", " : "") << value.size(i);
    out << ']';
    if (!value.device().is_cpu()) out << " on " << value.device().str();
    return out.str();
  }
};

template <>
struct Convert<OptionalTensor> {
  static constexpr const char* name = "Handle | null";
  static OptionalTensor from(const Context& context, napi_value value) {
    napi_valuetype type;
    napi_typeof(context.env, value, &type);
    if (type == napi_null || type == napi_undefined) return c10::nullopt;
    return Convert<Tensor>::from(context, value);
  }
  static napi_value to(const Context& context, OptionalTensor value) {
    if (value.has_value() && value->defined()) return Convert<Tensor>::to(context, *value);
    napi_value result;
    napi_get_null(context.env, &result);
    return result;
  }
  static std::string describe(const OptionalTensor& value) {
    return value.has_value() ? Convert<Tensor>::describe(*value) : "null";
  }
};

template <class Item>
struct ConvertList {
  static std::vector<Item> from(const Context& context, napi_value value) {
    uint32_t length = 0;
    check_status(napi_get_array_length(context.env, value, &length), "an array");
    std::vector<Item> result;
    result.reserve(length);
    for (uint32_t i = 0; i < length; ++i) {
      napi_value item;
      napi_get_element(context.env, value, i, &item);
      result.push_back(Convert<Item>::from(context, item));
    }
    return result;
  }
  static napi_value to(const Context& context, const std::vector<Item>& values) {
    napi_value result;
    napi_create_array_with_length(context.env, values.size(), &result);
    for (size_t i = 0; i < values.size(); ++i) {
      napi_set_element(context.env, result, i, Convert<Item>::to(context, values[i]));
    }
    return result;
  }
  static std::string describe(const std::vector<Item>& values) {
    std::string result = "[";
    for (size_t i = 0; i < values.size(); ++i) result += (i ? ", " : "") + Convert<Item>::describe(values[i]);
    return result + "]";
  }
};

template <>
struct Convert<Ints> : ConvertList<int64_t> {
  static constexpr const char* name = "readonly number[]";
};
template <>
struct Convert<std::vector<double>> : ConvertList<double> {
  static constexpr const char* name = "readonly number[]";
};
template <>
struct Convert<Tensors> : ConvertList<Tensor> {
  static constexpr const char* name = "readonly Handle[]";
};
template <>
struct Convert<OptionalTensors> : ConvertList<OptionalTensor> {
  static constexpr const char* name = "readonly (Handle | null)[]";
};

}  // namespace smash
