// Convolutions with stride 1 and "same" padding on channels-last floats, for shapes that are new at every step.
//
// A library that generates a kernel for each shape pays milliseconds for every one it has not seen, and random
// architectures are all shapes it has not seen. Here one register tile, compiled once, serves forward, input gradient
// and weight gradient of every shape, dilation and grouping; a ReLU before the convolution costs no pass of its own.
#pragma once

#include <cstdint>

namespace smash {

struct ConvShape {
  int64_t batch, height, width;  // of input and output
  int64_t inputs, outputs, groups;
  int64_t kernel[2], dilation[2];  // height, width; kernels are odd
};

// A weight [outputs, inputs / groups, height, width] of any layout.
struct ConvWeight {
  float* data;
  int64_t strides[4];
};

// y [batch, height, width, outputs] = conv(relu?(x), weight), x [batch, height, width, inputs].
void conv_forward(const ConvShape& shape, const float* x, const ConvWeight& weight, bool relu, float* y);

// dx = the gradient of x, zero where `mask` (the convolution's input, if its ReLU is part of it) is not positive.
void conv_input_gradient(const ConvShape& shape, const float* dy, const ConvWeight& weight, const float* mask, float* dx);

// dw = the gradient of the weight. Deterministic for a given number of threads.
void conv_weight_gradient(const ConvShape& shape, const float* x, const float* dy, bool relu, const ConvWeight& dw);

}  // namespace smash
