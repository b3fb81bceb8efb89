// Convolutions on a CUDA device without cuDNN.
#pragma once

#include "op_table.h"

namespace smash {

bool has_cuda_conv(const Tensor& x, const Tensor& weight);

// A convolution that keeps the image's size, after a ReLU if asked.
Tensor cuda_conv(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool relu);

}  // namespace smash
