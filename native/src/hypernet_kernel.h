// What a dense block of the HyperNet does around its matrix products, on the processor: patches, and weights over their
// norm. Its tensors are small and its layers many; as libtorch operators their views and copies would take longer than
// what they compute.
#pragma once

#include <cstdint>

namespace smash {

constexpr int64_t kTaps = 9;  // 3x3

// Feature maps, one after the other.
struct Planes {
  int64_t count, height, width;
};

// Patches [9 * count, height * width] of planes after a leaky ReLU, zeros around them.
template <class T>
void unfold_planes(const T* planes, const Planes& shape, T slope, T* patches);

// Adds the gradient of `unfold_planes`.
template <class T>
void add_folded(const T* patches, const T* planes, const Planes& shape, T slope, T* gradient);

// Rows of a larger matrix, `stride` from one to the next.
struct Rows {
  int64_t count, width, stride;
};

// Writes dense `weight` over its Euclidean norm into rows; gives the norm.
template <class T>
T divide_by_norm(const T* weight, const Rows& rows, T* target);

// The gradient of that: of the normalised weight, both in rows, to that of the weight itself, dense.
template <class T>
void divide_by_norm_backward(const T* normalised, const T* gradient, const Rows& rows, T norm, T* target);

}  // namespace smash
