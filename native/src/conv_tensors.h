// From tensors to what the convolution kernels take.
#pragma once

#include "conv_kernel.h"
#include "op_table.h"

namespace smash {

inline bool has_conv_kernel(const Tensor& x, const Tensor& weight) {
  return x.device().is_cpu() && weight.device().is_cpu() && x.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && x.numel() > 0 && weight.size(2) <= kMostKernel && weight.size(3) <= kMostKernel;
}

inline ConvShape conv_shape(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool bfloat16) {
  return {x.size(0), x.size(2), x.size(3), weight.size(1) * groups, weight.size(0), groups,
          {weight.size(2), weight.size(3)}, {dilation[0], dilation[1]}, bfloat16};
}

// An undefined weight has no data: its gradient is not wanted.
inline ConvWeight conv_weight(const Tensor& weight) {
  if (!weight.defined()) return {nullptr, {0, 0, 0, 0}};
  return {weight.data_ptr<float>(), {weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)}};
}

// `inputs`: channels of what the convolution reads.
inline void check_conv(const Tensor& x, int64_t inputs, const Tensor& weight, const Ints& dilation, int64_t groups) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4, "x and weight must have 4 dimensions, got ", x.sizes(), " and ", weight.sizes());
  TORCH_CHECK(dilation.size() == 2 && dilation[0] > 0 && dilation[1] > 0, "dilation must be two positive numbers");
  TORCH_CHECK(weight.size(2) % 2 == 1 && weight.size(3) % 2 == 1, "kernels must be odd, got ", weight.sizes());
  TORCH_CHECK(groups > 0 && inputs == weight.size(1) * groups && weight.size(0) % groups == 0,
              "weight ", weight.sizes(), " with ", groups, " groups does not fit ", inputs, " channels of ", x.sizes());
}

// A convolution that keeps the image's size, after a ReLU if asked, in the type of x: by a kernel where there is one, or
// by libtorch.
Tensor same_conv(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool relu, bool bfloat16);

}  // namespace smash
