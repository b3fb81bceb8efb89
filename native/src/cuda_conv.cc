// Convolutions on a CUDA device as products of patches and weights, as one graph node.
//
// Random architectures have convolutions of ever new shapes, and few channels. cuDNN makes a plan for every shape it has
// not met, which takes longer than the convolution; patches of few channels are quickly written, and a matrix product
// needs no plan.

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "cuda_conv.h"
#include "cuda_tensors.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Values of a patch from which on cuDNN is worth its plan.
constexpr int64_t kMostPatch = 1024;
constexpr int64_t kMostPatchBytes = 512 << 20;

struct Conv {
  Tensor x;  // channels-last
  Tensor weight;
  Ints dilation;
  int64_t groups;
  bool relu;

  int64_t taps() const { return weight.size(2) * weight.size(3); }
  int64_t outputs() const { return weight.size(0); }
  int64_t pixels() const { return x.size(2) * x.size(3); }  // an image
  bool is_product() const { return taps() == 1 && groups == 1; }

  cuda::Patches shape(int64_t images) const {
    return {images, x.size(2), x.size(3), x.size(1), groups, {weight.size(2), weight.size(3)}, {dilation[0], dilation[1]}, relu,
            x.scalar_type() == at::kFloat ? cuda::Element::float32 : cuda::Element::bfloat16};
  }

  // [groups, taps * inputs, outputs / groups]
  Tensor matrix() const {
    return weight.permute({0, 2, 3, 1}).reshape({groups, outputs() / groups, taps() * weight.size(1)}).transpose(1, 2);
  }

  // Images whose patches are made at once.
  int64_t part() const {
    const int64_t bytes = pixels() * taps() * x.size(1) * x.element_size();
    return std::min(x.size(0), std::max<int64_t>(1, kMostPatchBytes / bytes));
  }

  Tensor images(const Tensor& of, int64_t first, int64_t count) const { return of.narrow(0, first, count); }
};

// [N, C, H, W], channels-last, as a matrix [groups, N * H * W, C / groups].
Tensor by_group(const Tensor& x, int64_t groups) {
  const int64_t pixels = x.size(0) * x.size(2) * x.size(3);
  return x.permute({0, 2, 3, 1}).view({pixels, groups, x.size(1) / groups}).transpose(0, 1);
}

Tensor product(const Tensor& a, const Tensor& b) {
  return a.size(0) == 1 ? at::mm(a[0], b[0]).unsqueeze(0) : at::bmm(a, b);
}

void product_into(Tensor result, const Tensor& a, const Tensor& b) {
  if (a.size(0) > 1) {
    at::bmm_out(result, a, b);
    return;
  }
  Tensor only = result[0];
  at::mm_out(only, a[0], b[0]);
}

// [groups, pixels, taps * inputs]
Tensor patches_of(const Conv& conv, int64_t first, int64_t count) {
  const Tensor x = conv.images(conv.x, first, count);
  if (conv.is_product()) return by_group(conv.relu ? at::relu(x) : x, 1);
  const Tensor result =
      at::empty({conv.groups, count * conv.pixels(), conv.taps() * conv.weight.size(1)}, conv.x.options());
  if constexpr (kHasCuda) cuda::unfold(conv.shape(count), x.data_ptr(), result.data_ptr(), cuda_stream());
  return result;
}

void add_patch_gradient(const Conv& conv, const Tensor& gradient, int64_t first, int64_t count, const Tensor& dx) {
  const Tensor x = conv.images(conv.x, first, count), target = conv.images(dx, first, count);
  if constexpr (kHasCuda) cuda::fold(conv.shape(count), gradient.data_ptr(), x.data_ptr(), target.data_ptr(), cuda_stream());
}

struct CudaConv : Function<CudaConv> {
  static Tensor forward(AutogradContext* context, Tensor input, Tensor weight, Ints dilation, int64_t groups, bool relu) {
    const c10::DeviceGuard guard(input.device());
    const Conv conv{input.contiguous(at::MemoryFormat::ChannelsLast), weight, dilation, groups, relu};
    const Tensor y = at::empty({input.size(0), conv.outputs(), input.size(2), input.size(3)}, input.options(), at::MemoryFormat::ChannelsLast);
    const Tensor matrix = conv.matrix();
    for (int64_t first = 0, part = conv.part(); first < input.size(0); first += part) {
      const int64_t count = std::min(part, input.size(0) - first);
      product_into(by_group(conv.images(y, first, count), groups), patches_of(conv, first, count), matrix);
    }
    context->save_for_backward({conv.x, weight});
    context->saved_data["dilation"] = dilation;
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Conv conv{saved[0], saved[1], context->saved_data["dilation"].toIntVector(), context->saved_data["groups"].toInt(),
                    context->saved_data["relu"].toBool()};
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const c10::DeviceGuard guard(dy.device());
    const bool has_dx = context->needs_input_grad(0), has_dw = context->needs_input_grad(1);
    const Tensor matrix = conv.matrix();
    Tensor dx, dw;
    if (has_dx) dx = at::empty_like(conv.x, at::MemoryFormat::ChannelsLast);
    for (int64_t first = 0, part = conv.part(); first < dy.size(0); first += part) {
      const int64_t count = std::min(part, dy.size(0) - first);
      const Tensor upstream = by_group(conv.images(dy, first, count), conv.groups);
      if (has_dw) {
        const Tensor own = product(upstream.transpose(1, 2), patches_of(conv, first, count));
        dw = dw.defined() ? dw.add_(own) : own;
      }
      if (!has_dx) continue;
      if (conv.is_product()) {
        product_into(by_group(conv.images(dx, first, count), 1), upstream, matrix.transpose(1, 2));
      } else {
        add_patch_gradient(conv, product(upstream, matrix.transpose(1, 2)), first, count, dx);
      }
    }
    if (has_dx && conv.is_product() && conv.relu) dx = at::threshold_backward(dx, conv.x, 0);
    if (has_dw) {
      const Tensor& w = conv.weight;
      dw = dw.reshape({w.size(0), w.size(2), w.size(3), w.size(1)}).permute({0, 3, 1, 2});
    }
    return {dx, dw, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool has_cuda_conv(const Tensor& x, const Tensor& weight) {
  if (!kHasCuda || !x.device().is_cuda() || x.numel() == 0) return false;
  if (x.scalar_type() != weight.scalar_type() || (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16)) return false;
  const int64_t taps = weight.size(2) * weight.size(3);
  return taps == 1 || taps * weight.size(1) <= kMostPatch;
}

Tensor cuda_conv(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool relu) {
  return CudaConv::apply(x, weight, dilation, groups, relu);
}

}  // namespace smash
