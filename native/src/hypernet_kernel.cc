#include "hypernet_kernel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernel_mark.h"

namespace smash {
namespace {

constexpr int64_t kGrain = 4096;  // elements of planes a thread takes at least

// Calls body(target row, target column, source row, source column, columns) for the rows that a tap reaches: what lies in
// the target at a place lies in the source one tap further.
template <class Body>
inline void for_tap_rows(const Planes& shape, int64_t tap, Body body) {
  const int64_t down = tap / 3 - 1, right = tap % 3 - 1;
  const int64_t first = std::max<int64_t>(0, -right), columns = shape.width - std::abs(right);
  for (int64_t y = 0; y < shape.height; ++y) {
    if (y + down >= 0 && y + down < shape.height && columns > 0) body(y, first, y + down, first + right, columns);
  }
}

template <class Body>
void for_planes(const Planes& shape, Body body) {
  const int64_t size = shape.height * shape.width;
  at::parallel_for(0, shape.count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, size)), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) body(plane, size);
  });
}

}  // namespace

template <class T>
void unfold_planes(const T* planes, const Planes& shape, T slope, T* patches) {
  const KernelMark mark("unfold");
  for_planes(shape, [&](int64_t plane, int64_t size) {
    thread_local std::vector<T> active;
    active.resize(size);
    const T* values = planes + plane * size;
    for (int64_t i = 0; i < size; ++i) active[i] = values[i] > 0 ? values[i] : values[i] * slope;
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      T* target = patches + (plane * kTaps + tap) * size;
      std::fill(target, target + size, T(0));
      for_tap_rows(shape, tap, [&](int64_t y, int64_t x, int64_t source_y, int64_t source_x, int64_t count) {
        std::copy_n(active.data() + source_y * shape.width + source_x, count, target + y * shape.width + x);
      });
    }
  });
}

template <class T>
void add_folded(const T* patches, const T* planes, const Planes& shape, T slope, T* gradient) {
  const KernelMark mark("fold");
  for_planes(shape, [&](int64_t plane, int64_t size) {
    thread_local std::vector<T> sums;
    sums.assign(size, T(0));
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      const T* values = patches + (plane * kTaps + tap) * size;
      for_tap_rows(shape, tap, [&](int64_t y, int64_t x, int64_t source_y, int64_t source_x, int64_t count) {
        const T* from = values + y * shape.width + x;
        T* to = sums.data() + source_y * shape.width + source_x;
        for (int64_t i = 0; i < count; ++i) to[i] += from[i];
      });
    }
    const T* values = planes + plane * size;
    T* out = gradient + plane * size;
    for (int64_t i = 0; i < size; ++i) out[i] += values[i] > 0 ? sums[i] : sums[i] * slope;
  });
}

template <class T>
T divide_by_norm(const T* weight, const Rows& rows, T* target) {
  const KernelMark mark("divideByNorm");
  double squares = 0;
  for (int64_t row = 0; row < rows.count; ++row) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < rows.width; ++i) sum += weight[row * rows.width + i] * weight[row * rows.width + i];
    squares += sum;
  }
  const T norm = static_cast<T>(std::sqrt(squares));
  for (int64_t row = 0; row < rows.count; ++row) {
    for (int64_t i = 0; i < rows.width; ++i) target[row * rows.stride + i] = weight[row * rows.width + i] / norm;
  }
  return norm;
}

template <class T>
void divide_by_norm_backward(const T* normalised, const T* gradient, const Rows& rows, T norm, T* target) {
  const KernelMark mark("divideByNormBackward");
  double products = 0;
  for (int64_t row = 0; row < rows.count; ++row) {
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < rows.width; ++i) sum += normalised[row * rows.stride + i] * gradient[row * rows.stride + i];
    products += sum;
  }
  // d/dw of w / |w|: the part of the gradient orthogonal to the normalised weight, over the norm.
  const T along = static_cast<T>(products);
  for (int64_t row = 0; row < rows.count; ++row) {
    for (int64_t i = 0; i < rows.width; ++i) {
      target[row * rows.width + i] = (gradient[row * rows.stride + i] - normalised[row * rows.stride + i] * along) / norm;
    }
  }
}

#define SMASH_HYPERNET_KERNELS(T)                                                   \
  template void unfold_planes<T>(const T*, const Planes&, T, T*);                   \
  template void add_folded<T>(const T*, const T*, const Planes&, T, T*);            \
  template T divide_by_norm<T>(const T*, const Rows&, T*);                          \
  template void divide_by_norm_backward<T>(const T*, const T*, const Rows&, T, T*);
SMASH_HYPERNET_KERNELS(float)
SMASH_HYPERNET_KERNELS(double)

}  // namespace smash
