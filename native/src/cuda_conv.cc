// Convolutions on a CUDA device as products of patches and weights, as one graph node.
//
// Random architectures have convolutions of ever new shapes, and few channels. cuDNN makes a plan for every shape it has
// not met, which takes longer than the convolution; patches of few channels are quickly written, and a matrix product
// needs no plan.

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "cuda_conv.h"
#include "cuda_tensors.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Values of a patch from which on cuDNN is worth its plan.
constexpr int64_t kMostPatch = 2048;
constexpr int64_t kMostPatchBytes = 512 << 20;

// Matrices have a dimension more where there are groups: [groups, ...].
struct Conv {
  Tensor x;       // channels-last
  Tensor weight;  // channels-last, of the type of x
  Ints dilation;
  int64_t groups;
  bool relu;

  Conv(const Tensor& input, const Tensor& any_weight, Ints dilation_, int64_t groups_, bool relu_)
      : x(input.contiguous(at::MemoryFormat::ChannelsLast)),
        weight(any_weight.to(input.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast)),
        dilation(std::move(dilation_)), groups(groups_), relu(relu_) {}

  int64_t taps() const { return weight.size(2) * weight.size(3); }
  int64_t outputs() const { return weight.size(0); }
  int64_t patch() const { return taps() * weight.size(1); }
  int64_t pixels() const { return x.size(2) * x.size(3); }  // an image
  bool is_product() const { return taps() == 1 && groups == 1; }

  cuda::Patches shape(int64_t images) const {
    return {images, x.size(2), x.size(3), x.size(1), groups, {weight.size(2), weight.size(3)}, {dilation[0], dilation[1]}, relu,
            element_of(x)};
  }

  // [patch, outputs / groups]
  Tensor matrix() const {
    const int64_t own = outputs() / groups;
    return groups == 1 ? weight.as_strided({own, patch()}, {patch(), 1}).t()
                       : weight.as_strided({groups, own, patch()}, {own * patch(), patch(), 1}).transpose(1, 2);
  }

  // Images of a channels-last tensor as [pixels, channels / groups].
  Tensor rows(const Tensor& of, int64_t first, int64_t count) const {
    const int64_t channels = of.size(1), own = channels / groups, begin = of.storage_offset() + first * pixels() * channels;
    return groups == 1 ? of.as_strided({count * pixels(), channels}, {channels, 1}, begin)
                       : of.as_strided({groups, count * pixels(), own}, {own, channels, 1}, begin);
  }

  // [pixels, patch]
  Tensor patches(int64_t first, int64_t count) const {
    if (is_product()) return relu ? at::relu(rows(x, first, count)) : rows(x, first, count);
    const Tensor result = groups == 1 ? at::empty({count * pixels(), patch()}, x.options())
                                      : at::empty({groups, count * pixels(), patch()}, x.options());
    if constexpr (kHasCuda) cuda::unfold(shape(count), at_image(x, first), result.data_ptr(), cuda_stream());
    return result;
  }

  void add_patch_gradient(const Tensor& gradient, int64_t first, int64_t count, const Tensor& dx) const {
    if constexpr (kHasCuda) cuda::fold(shape(count), gradient.data_ptr(), at_image(x, first), at_image(dx, first), cuda_stream());
  }

  // Calls body(first, images) for as many images as have their patches made at once.
  template <class Body>
  void for_parts(Body body) const {
    const int64_t bytes = pixels() * taps() * x.size(1) * static_cast<int64_t>(x.element_size());
    const int64_t part = is_product() ? x.size(0) : std::max<int64_t>(1, kMostPatchBytes / bytes);
    for (int64_t first = 0; first < x.size(0); first += part) body(first, std::min(part, x.size(0) - first));
  }

 private:
  void* at_image(const Tensor& of, int64_t image) const {
    return static_cast<char*>(of.data_ptr()) + image * pixels() * of.size(1) * of.element_size();
  }
};

Tensor product(const Tensor& a, const Tensor& b) {
  return a.dim() == 2 ? at::mm(a, b) : at::bmm(a, b);
}

void product_into(Tensor result, const Tensor& a, const Tensor& b) {
  a.dim() == 2 ? at::mm_out(result, a, b) : at::bmm_out(result, a, b);
}

struct CudaConv : Function<CudaConv> {
  static Tensor forward(AutogradContext* context, Tensor input, Tensor weight, Ints dilation, int64_t groups, bool relu) {
    const c10::DeviceGuard guard(input.device());
    const Conv conv(input, weight, dilation, groups, relu);
    const Tensor y = at::empty({input.size(0), conv.outputs(), input.size(2), input.size(3)}, input.options(), at::MemoryFormat::ChannelsLast);
    const Tensor matrix = conv.matrix();
    conv.for_parts([&](int64_t first, int64_t count) {
      product_into(conv.rows(y, first, count), conv.patches(first, count), matrix);
    });
    context->save_for_backward({conv.x, weight});
    context->saved_data["dilation"] = dilation;
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const c10::DeviceGuard guard(saved[0].device());
    const Conv conv(saved[0], saved[1], context->saved_data["dilation"].toIntVector(), context->saved_data["groups"].toInt(),
                    context->saved_data["relu"].toBool());
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast), turned = conv.matrix().transpose(-1, -2);
    const bool has_dx = context->needs_input_grad(0), has_dw = context->needs_input_grad(1);
    Tensor dx, dw;
    if (has_dx) dx = at::empty_like(conv.x, at::MemoryFormat::ChannelsLast);
    conv.for_parts([&](int64_t first, int64_t count) {
      const Tensor upstream = conv.rows(dy, first, count);
      if (has_dw) {
        const Tensor own = product(upstream.transpose(-1, -2), conv.patches(first, count));
        dw = dw.defined() ? dw.add_(own) : own;
      }
      if (!has_dx) return;
      if (conv.is_product()) return product_into(conv.rows(dx, first, count), upstream, turned);
      conv.add_patch_gradient(product(upstream, turned), first, count, dx);
    });
    if (has_dx && conv.is_product() && conv.relu) dx = at::threshold_backward(dx, conv.x, 0);
    if (has_dw) {
      const Tensor& w = conv.weight;
      dw = dw.as_strided(w.sizes(), {conv.patch(), 1, w.size(3) * w.size(1), w.size(1)}).to(saved[1].scalar_type());
    }
    return {dx, dw, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool has_cuda_conv(const Tensor& x, const Tensor& weight) {
  if (!kHasCuda || !x.device().is_cuda() || x.numel() == 0) return false;
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kBFloat16) return false;
  const int64_t taps = weight.size(2) * weight.size(3);
  return taps == 1 || taps * weight.size(1) <= kMostPatch;
}

Tensor cuda_conv(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool relu) {
  return CudaConv::apply(x, weight, dilation, groups, relu);
}

}  // namespace smash
