// Matrix products of the HyperNet: small, many, and of new shapes at every step.
#pragma once

#include <ATen/ATen.h>

namespace smash {

// target (+)= a b, all with two dimensions. On float matrices of the processor by the sgemm of oneDNN where libtorch
// brings it: OpenBLAS, as Debian has it, knows no AVX-512 of newer processors, and two threads of libtorch and its own
// would be too many. Otherwise by libtorch.
void matrix_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& target, bool add = false);

// a b with its gradients; of what else libtorch multiplies, too.
at::Tensor matrix_product(const at::Tensor& a, const at::Tensor& b);

}  // namespace smash
