// The addon's door: registers the op table, owns the thread's tensor table, and is the one place where C++ exceptions
// cross into JavaScript. JavaScript hands over an error factory; what it returns is thrown.

#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <c10/util/Backtrace.h>
#include <c10/util/Exception.h>
#include <node_api.h>
#include <torch/version.h>

#include <cstring>
#include <memory>
#include <new>

#include "allocator.h"
#include "map_file.h"
#include "op_table.h"
#include "recording.h"
#include "upload.h"

namespace smash {

void append_raw_signatures(std::vector<std::string>& signatures);

namespace {

struct Instance {
  TensorTable table;
  OpTable ops;
  napi_ref error_factory = nullptr;
};

Instance& instance_of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return *static_cast<Instance*>(data);
}

void throw_error(napi_env env, const char* code, const std::string& op, const std::string& message,
                 const std::string& described) {
  const Context context{env, instance_of(env).table};
  napi_value factory = nullptr, error, undefined;
  if (instance_of(env).error_factory != nullptr) {
    napi_get_reference_value(env, instance_of(env).error_factory, &factory);
  }
  if (factory == nullptr) {
    napi_throw_error(env, code, (op + "(" + described + "): " + message).c_str());
    return;
  }
  napi_value arguments[] = {
      Convert<std::string>::to(context, code), Convert<std::string>::to(context, op),
      Convert<std::string>::to(context, message), Convert<std::string>::to(context, described)};
  napi_get_undefined(env, &undefined);
  if (napi_call_function(env, undefined, factory, 4, arguments, &error) == napi_ok) napi_throw(env, error);
}

bool mentions(const std::string& message, std::initializer_list<const char*> words) {
  for (const char* word : words) {
    if (message.find(word) != std::string::npos) return true;
  }
  return false;
}

// Runs `body`; whatever it throws becomes a JavaScript error with one of the project's codes.
template <class Body>
napi_value guarded(napi_env env, const std::string& op, const std::string& described, Body body) {
  try {
    return body();
  } catch (const BadArgument& error) {
    throw_error(env, "internal", op, error.what(), described);
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    const bool memory = mentions(message, {"allocate memory", "out of memory", "Storage size calculation overflowed"});
    throw_error(env, memory ? "out-of-memory" : "shape", op, message, described);
  } catch (const std::bad_alloc& error) {
    throw_error(env, "out-of-memory", op, error.what(), described);
  } catch (const std::exception& error) {
    throw_error(env, "engine", op, error.what(), described);
  }
  return nullptr;
}

constexpr size_t kMaxArguments = 16;

napi_value call_op(napi_env env, napi_callback_info info) {
  napi_value arguments[kMaxArguments];
  size_t count = kMaxArguments;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  const Op& op = *static_cast<const Op*>(data);
  std::string described;
  return guarded(env, op.name(), described, [&]() -> napi_value {
    if (count < op.arity()) {
      throw BadArgument(std::to_string(op.arity()) + " arguments, got " + std::to_string(count));
    }
    at::RecordFunction observed(at::RecordScope::USER_SCOPE);
    if (observed.isActive()) observed.before("smash::" + op.name());
    return op.call(Context{env, instance_of(env).table}, arguments, described);
  });
}

// Functions that need the table or raw memory, and so do not fit the op table.
using RawFunction = napi_value (*)(const Context&, napi_value*);

struct Raw {
  const char* name;
  const char* signature;
  size_t arity;
  RawFunction function;
};

napi_value undefined(const Context& context) {
  napi_value result;
  napi_get_undefined(context.env, &result);
  return result;
}

size_t element_size(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    default:
      return 1;
  }
}

const Raw kRaw[] = {
    {"setErrorFactory", "setErrorFactory(factory: ErrorFactory): void;", 1,
     [](const Context& context, napi_value* arguments) {
       Instance& instance = instance_of(context.env);
       if (instance.error_factory != nullptr) napi_delete_reference(context.env, instance.error_factory);
       napi_create_reference(context.env, arguments[0], 1, &instance.error_factory);
       return undefined(context);
     }},
    {"beginScope", "beginScope(): void;", 0,
     [](const Context& context, napi_value*) {
       context.table.begin_scope();
       return undefined(context);
     }},
    {"endScope", "endScope(keep: readonly Handle[]): void;", 1,
     [](const Context& context, napi_value* arguments) {
       context.table.end_scope(Convert<Ints>::from(context, arguments[0]));
       return undefined(context);
     }},
    {"dispose", "dispose(tensor: Handle): void;", 1,
     [](const Context& context, napi_value* arguments) {
       context.table.dispose(Convert<int64_t>::from(context, arguments[0]));
       return undefined(context);
     }},
    {"alive", "alive(tensor: Handle): boolean;", 1,
     [](const Context& context, napi_value* arguments) {
       return Convert<bool>::to(context, context.table.alive(Convert<int64_t>::from(context, arguments[0])));
     }},
    {"liveTensors", "liveTensors(): number;", 0,
     [](const Context& context, napi_value*) {
       return Convert<int64_t>::to(context, context.table.live_count());
     }},
    {"fromBytes", "fromBytes(data: ArrayBufferView, shape: readonly number[], dtype: DType, device: string): Handle;", 4,
     [](const Context& context, napi_value* arguments) {
       napi_typedarray_type type;
       size_t length = 0;
       void* data = nullptr;
       check_status(napi_get_typedarray_info(context.env, arguments[0], &type, &length, &data, nullptr, nullptr),
                    "a typed array");
       const Ints shape = Convert<Ints>::from(context, arguments[1]);
       const at::ScalarType dtype = Convert<at::ScalarType>::from(context, arguments[2]);
       // Bytes may stand for any dtype (files); other arrays must have elements of its size.
       const size_t bytes = length * element_size(type);
       int64_t elements = 1;
       for (const int64_t size : shape) elements *= size;
       const size_t expected = static_cast<size_t>(elements) * c10::elementSize(dtype);
       TORCH_CHECK(elements >= 0 && expected == bytes, "shape ", at::IntArrayRef(shape), " as ",
                   Convert<at::ScalarType>::describe(dtype), " takes ", expected, " bytes, the array has ", bytes);
       const at::Device device = Convert<at::Device>::from(context, arguments[3]);
       const Tensor result = empty_for_upload(shape, dtype, device);
       if (bytes > 0) std::memcpy(result.data_ptr(), data, bytes);
       return Convert<Tensor>::to(context, upload(result, device));
     }},
    {"readBytes", "readBytes(tensor: Handle): ArrayBuffer;", 1,
     [](const Context& context, napi_value* arguments) {
       const Tensor tensor = Convert<Tensor>::from(context, arguments[0]).detach().cpu().contiguous();
       void* data = nullptr;
       napi_value buffer;
       napi_create_arraybuffer(context.env, tensor.nbytes(), &data, &buffer);
       if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
       return buffer;
     }},
    {"mapFile", "mapFile(path: string, offset: number, length: number): ArrayBuffer;", 3,
     [](const Context& context, napi_value* arguments) {
       return map_file(context.env, Convert<std::string>::from(context, arguments[0]),
                       Convert<int64_t>::from(context, arguments[1]), Convert<int64_t>::from(context, arguments[2]));
     }},
    {"endRecording", "endRecording(result: Handle): void;", 1,
     [](const Context& context, napi_value* arguments) {
       context.table.attach(Convert<int64_t>::from(context, arguments[0]), end_recording());
       return undefined(context);
     }},
    {"replay", "replay(result: Handle): void;", 1,
     [](const Context& context, napi_value* arguments) {
       replay(context.table.recording(Convert<int64_t>::from(context, arguments[0])));
       return undefined(context);
     }},
    {"opSignatures", "opSignatures(): string[];", 0,
     [](const Context& context, napi_value*) {
       std::vector<std::string> signatures;
       for (const auto& op : instance_of(context.env).ops) signatures.push_back(op->signature());
       append_raw_signatures(signatures);
       return ConvertList<std::string>::to(context, signatures);
     }},
};

napi_value call_raw(napi_env env, napi_callback_info info) {
  napi_value arguments[kMaxArguments];
  size_t count = kMaxArguments;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
  const Raw& raw = *static_cast<const Raw*>(data);
  return guarded(env, raw.name, "", [&]() -> napi_value {
    if (count < raw.arity) throw BadArgument("too few arguments");
    return raw.function(Context{env, instance_of(env).table}, arguments);
  });
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback, const void* data) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, const_cast<void*>(data), &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

void append_raw_signatures(std::vector<std::string>& signatures) {
  for (const Raw& raw : kRaw) signatures.push_back(raw.signature);
}

}  // namespace smash

NAPI_MODULE_INIT() {
  using namespace smash;
  install_allocator();
  // The C++ backtrace in every error message costs 6 ms; ours names the op and the shapes instead.
  c10::SetStackTraceFetcher([]() -> std::string { return ""; });
  auto* instance = new Instance();
  napi_set_instance_data(
      env, instance, [](napi_env, void* data, void*) { delete static_cast<Instance*>(data); }, nullptr);
  add_tensor_ops(instance->ops);
  add_bank_conv_ops(instance->ops);
  add_bank_ops(instance->ops);
  add_conv_ops(instance->ops);
  add_weight_ops(instance->ops);
  add_hypernet_ops(instance->ops);
  add_layer_ops(instance->ops);
  add_norm_ops(instance->ops);
  add_optimizer_ops(instance->ops);
  add_sign_ops(instance->ops);
  add_profiler_ops(instance->ops);
  add_recording_ops(instance->ops);
  for (const auto& op : instance->ops) define(env, exports, op->name().c_str(), call_op, op.get());
  for (const Raw& raw : kRaw) define(env, exports, raw.name, call_raw, &raw);
  return exports;
}
