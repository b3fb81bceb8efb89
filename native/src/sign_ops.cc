// Which values are above zero, as one bit each: comparing rows of bits takes a sixtieth of the memory and no product.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernel_mark.h"
#include "op_table.h"

namespace smash {
namespace {

constexpr int64_t kWord = 64;

// Any order of a row's values will do, as long as all rows have the same.
bool has_dense_rows(const Tensor& x, int64_t size) {
  return x.is_non_overlapping_and_dense() && (x.size(0) == 1 || x.stride(0) == size);
}

void pack_row(const float* values, int64_t size, uint64_t* words) {
  for (int64_t begin = 0; begin < size; begin += kWord, ++words) {
    const int64_t count = std::min(kWord, size - begin);
    uint64_t word = 0;
    for (int64_t bit = 0; bit < count; ++bit) word |= static_cast<uint64_t>(values[begin + bit] > 0.f) << bit;
    *words = word;
  }
}

// [N, ...] -> [N, N], float64: how many values of two rows are both above zero or both not.
Tensor sign_agreement(const Tensor& x) {
  const int64_t rows = x.size(0), size = rows == 0 ? 0 : x.numel() / rows;
  const auto options = x.options().dtype(at::kDouble);
  if (!x.device().is_cpu() || x.scalar_type() != at::kFloat) {
    const Tensor codes = x.reshape({rows, size}).gt(0).to(at::kFloat).mul_(2).sub_(1);
    return at::matmul(codes, codes.t()).to(at::kDouble).add_(size).div_(2);
  }
  const KernelMark mark("sign_agreement");
  const Tensor dense = has_dense_rows(x, size) ? x : x.contiguous();
  const float* values = dense.data_ptr<float>();
  const int64_t length = (size + kWord - 1) / kWord;
  std::vector<uint64_t> bits(rows * length);
  at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) pack_row(values + row * size, size, bits.data() + row * length);
  });
  Tensor result = at::empty({rows, rows}, options);
  double* agreement = result.data_ptr<double>();
  at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t one = begin; one < end; ++one) {
      for (int64_t other = 0; other < rows; ++other) {
        const uint64_t *a = bits.data() + one * length, *b = bits.data() + other * length;
        int64_t different = 0;
        for (int64_t word = 0; word < length; ++word) different += __builtin_popcountll(a[word] ^ b[word]);
        agreement[one * rows + other] = static_cast<double>(size - different);
      }
    }
  });
  return result;
}

}  // namespace

void add_sign_ops(OpTable& table) {
  add_op(table, "signAgreement", "x", +[](Tensor x) { return sign_agreement(x.detach()); });
}

}  // namespace smash
