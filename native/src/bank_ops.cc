// Memory banks as channel ranges of one buffer (SMASH section 3.1).
//
// A block's banks lie side by side in one [B, C, H, W] buffer. Reading gathers ranges and applies ReLU in the same
// pass; writing adds (or, to an empty bank, sets) in place. The chain of reads and writes is linear, so the backward
// pass walks one gradient buffer in reverse: no concatenation is undone by slices, no gradient is summed bank by bank,
// and nothing of full size is filled with zeros. Every read passes the buffer on as an output of its own, which keeps
// that order in libtorch's graph.
//
// The kernels are for channels-last buffers in memory or on a CUDA device; any other takes the same steps through ATen.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "bank_kernel.h"
#include "cuda_tensors.h"
#include "kernel_mark.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 16384;  // elements a thread takes at least

bool has_layout(const Tensor& buffer, const Tensor& inner) {
  return buffer.scalar_type() == inner.scalar_type() && buffer.device() == inner.device() &&
         (buffer.scalar_type() == at::kFloat || buffer.scalar_type() == at::kBFloat16) &&
         buffer.is_contiguous(at::MemoryFormat::ChannelsLast) && inner.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool has_kernel(const Tensor& buffer, const Tensor& inner) {
  return buffer.device().is_cpu() && has_layout(buffer, inner);
}

bool has_cuda_kernel(const Tensor& buffer, const Tensor& inner) {
  return kHasCuda && buffer.device().is_cuda() && has_layout(buffer, inner);
}

cuda::Banks cuda_banks(const Tensor& buffer, const Tensor& inner) {
  const int64_t pixels = buffer.size(0) * buffer.size(2) * buffer.size(3);
  return {buffer.data_ptr(), buffer.size(1), inner.data_ptr(), inner.size(1), pixels, element_of(buffer)};
}

// Calls body(first pixel, pixels) on all threads.
template <class Body>
void for_pixels(const Tensor& buffer, const Tensor& inner, Body body) {
  const int64_t pixels = buffer.size(0) * buffer.size(2) * buffer.size(3);
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, inner.size(1)));
  at::parallel_for(0, pixels, grain, [&](int64_t begin, int64_t end) { body(begin, end - begin); });
}

template <class T>
void gather(const Tensor& buffer, const Tensor& inner, const Runs& runs, bool relu) {
  const int64_t bank_stride = buffer.size(1), inner_stride = inner.size(1);
  with_chunks(runs, [&](auto chunk, const Runs& chunks) {
    for_pixels(buffer, inner, [&](int64_t first, int64_t pixels) {
      gather_pixels<T, decltype(chunk)::value>(buffer.data_ptr<T>() + first * bank_stride, bank_stride,
                                               inner.data_ptr<T>() + first * inner_stride, inner_stride, pixels, chunks, relu);
    });
  });
}

template <class T, bool kMasked>
void scatter(const Tensor& buffer, const Tensor& inner, const Tensor& mask, const Runs& runs) {
  const int64_t bank_stride = buffer.size(1), inner_stride = inner.size(1);
  with_chunks(runs, [&](auto chunk, const Runs& chunks) {
    for_pixels(buffer, inner, [&](int64_t first, int64_t pixels) {
      scatter_pixels<T, decltype(chunk)::value, kMasked>(
          buffer.data_ptr<T>() + first * bank_stride, bank_stride, inner.data_ptr<T>() + first * inner_stride,
          kMasked ? mask.data_ptr<T>() + first * inner_stride : nullptr, inner_stride, pixels, chunks);
    });
  });
}

void gather_runs(const Tensor& buffer, const Tensor& inner, const Runs& runs, bool relu) {
  if (has_kernel(buffer, inner)) {
    const KernelMark mark("gatherBanks");
    if (buffer.scalar_type() == at::kFloat) return gather<float>(buffer, inner, runs, relu);
    return gather<at::BFloat16>(buffer, inner, runs, relu);
  }
  if constexpr (kHasCuda) {
    if (has_cuda_kernel(buffer, inner)) {
      const KernelMark mark("gatherBanks");
      const c10::DeviceGuard guard(buffer.device());
      return cuda::gather(cuda_banks(buffer, inner), runs, relu, cuda_stream());
    }
  }
  for (const Run& run : runs) {
    const Tensor target = inner.narrow(1, run.inner, run.length);
    const Tensor source = buffer.narrow(1, run.bank, run.length);
    run.add ? target.add_(source) : target.copy_(source);
  }
  if (relu) inner.relu_();
}

void scatter_runs(const Tensor& buffer, const Tensor& inner, const Tensor& mask, const Runs& runs) {
  if (has_kernel(buffer, inner) && (!mask.defined() || has_kernel(buffer, mask))) {
    const KernelMark kernel("scatterBanks");
    const bool masked = mask.defined();
    if (buffer.scalar_type() == at::kFloat) {
      return masked ? scatter<float, true>(buffer, inner, mask, runs) : scatter<float, false>(buffer, inner, mask, runs);
    }
    return masked ? scatter<at::BFloat16, true>(buffer, inner, mask, runs)
                  : scatter<at::BFloat16, false>(buffer, inner, mask, runs);
  }
  if constexpr (kHasCuda) {
    if (has_cuda_kernel(buffer, inner) && (!mask.defined() || has_cuda_kernel(buffer, mask))) {
      const KernelMark mark("scatterBanks");
      const c10::DeviceGuard guard(buffer.device());
      return cuda::scatter(cuda_banks(buffer, inner), mask.defined() ? mask.data_ptr() : nullptr, runs, cuda_stream());
    }
  }
  const Tensor values = mask.defined() ? inner * mask.gt(0) : inner;
  for (const Run& run : runs) {
    const Tensor target = buffer.narrow(1, run.bank, run.length);
    const Tensor source = values.narrow(1, run.inner, run.length);
    run.add ? target.add_(source) : target.copy_(source);
  }
}

struct ReadBanks : Function<ReadBanks> {
  static variable_list forward(AutogradContext* context, Tensor buffer, Ints banks, int64_t width, bool relu) {
    Tensor result = new_banks(buffer, static_cast<int64_t>(banks.size()) * width);
    gather_runs(buffer, result, read_runs(banks, width), relu);
    context->mark_dirty({buffer});
    context->set_materialize_grads(false);
    if (relu) context->save_for_backward({result});
    context->saved_data["banks"] = banks;
    context->saved_data["width"] = width;
    context->saved_data["channels"] = buffer.size(1);
    return {result, buffer};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const int64_t width = context->saved_data["width"].toInt();
    const int64_t channels = context->saved_data["channels"].toInt();
    Runs runs = read_runs(context->saved_data["banks"].toIntVector(), width);
    const variable_list saved = context->get_saved_variables();
    const Tensor mask = saved.empty() ? Tensor() : saved[0];
    Tensor buffer = gradients[1];
    if (!gradients[0].defined()) return {buffer, Tensor(), Tensor(), Tensor()};  // values nobody used
    const Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    if (!buffer.defined()) {
      buffer = start_gradient(gradient, channels, runs);
    } else {
      for (Run& run : runs) run.add = true;
    }
    scatter_runs(buffer, gradient, mask, runs);
    return {buffer, Tensor(), Tensor(), Tensor()};
  }
};

struct WriteBanks : Function<WriteBanks> {
  static Tensor forward(AutogradContext* context, Tensor buffer, Tensor value, Ints banks, int64_t width,
                        int64_t occupied) {
    scatter_runs(buffer, value.contiguous(at::MemoryFormat::ChannelsLast), Tensor(),
                 write_runs(banks, width, value.size(1), occupied));
    context->mark_dirty({buffer});
    context->saved_data["banks"] = banks;
    context->saved_data["width"] = width;
    context->saved_data["units"] = value.size(1);
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Ints banks = context->saved_data["banks"].toIntVector();
    const int64_t width = context->saved_data["width"].toInt();
    const int64_t units = context->saved_data["units"].toInt();
    const Tensor& buffer = gradients[0];
    const Tensor value = new_banks(buffer, units);
    gather_runs(buffer, value, slice_gradient_runs(banks, width, units), false);
    return {buffer, value, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor write_banks(const Tensor& buffer, const Tensor& value, const Ints& banks, int64_t width, int64_t occupied) {
  return WriteBanks::apply(buffer, value, banks, width, occupied);
}

void add_bank_ops(OpTable& table) {
  add_op(table, "newBanks", "like channels", +[](Tensor like, int64_t channels) { return new_banks(like, channels); });
  add_op(table, "readBanks", "buffer banks width relu", +[](Tensor buffer, Ints banks, int64_t width, bool relu) -> Tensors {
    check_banks(buffer, banks, width);
    return ReadBanks::apply(buffer, banks, width, relu);
  });
  add_op(table, "writeBanks", "buffer value banks width occupied",
         +[](Tensor buffer, Tensor value, Ints banks, int64_t width, int64_t occupied) {
    check_banks(buffer, banks, width);
    check_value(buffer, value.sizes(), banks, width, occupied);
    return write_banks(buffer, value, banks, width, occupied);
  });
}

}  // namespace smash
