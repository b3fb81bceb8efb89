#include "matrix_product.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <signal.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "kernel_mark.h"

namespace smash {
namespace {

using at::Tensor;

// dnnl_sgemm of <oneapi/dnnl/dnnl.h>, row-major, C = alpha A B + beta C. Looked up rather than linked: its headers are not
// among what libtorch needs, and a libtorch built without oneDNN works as well.
using Sgemm = int (*)(char transa, char transb, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda,
                      const float* b, int64_t ldb, float beta, float* c, int64_t ldc);

Sgemm find_sgemm() {
  Dl_info info;
  const auto* inside_libtorch = reinterpret_cast<const void*>(static_cast<Tensor (*)(const Tensor&, const Tensor&)>(&at::_ops::mm::call));
  if (dladdr(inside_libtorch, &info) == 0) return nullptr;
  // It is loaded already: a handle to look for symbols in it and in all it depends on.
  void* libtorch = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  return libtorch == nullptr ? nullptr : reinterpret_cast<Sgemm>(dlsym(libtorch, "dnnl_sgemm"));
}

// Code that sgemm generates has the stack pointer in memory from the heap; the frame of a signal's handler would be put
// there, over somebody else's data (uxlfoundation/oneDNN#4845, mended there in 2026). So signals wait: Ctrl-C, a profiler's.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    // Threads of the team run no handlers at all. A team is new for every thread that calls, and for every size.
    thread_local int team = 1;
    if (const int threads = at::get_num_threads(); team != threads) {
      at::parallel_for(0, threads, 1, [](int64_t, int64_t) {
        if (at::get_thread_num() > 0) block(nullptr);
      });
      team = threads;
    }
    block(&before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  // All but those that tell of an error of this very thread.
  static void block(sigset_t* before) {
    sigset_t signals;
    sigfillset(&signals);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&signals, own);
    pthread_sigmask(SIG_BLOCK, &signals, before);
  }

  sigset_t before_;
};

// How sgemm sees a matrix: rows or columns one after the other.
struct Layout {
  char transposed;
  int64_t stride;
};

// Whether values along `axis` are neighbours and those lines do not overlap: of an expanded matrix one line is all of them.
bool is_in_lines(const Tensor& matrix, int64_t axis) {
  const int64_t other = 1 - axis;
  return matrix.stride(axis) == 1 &&
         (matrix.size(other) == 1 || matrix.stride(other) >= std::max<int64_t>(1, matrix.size(axis)));
}

bool is_of_floats(const Tensor& matrix) { return matrix.device().is_cpu() && matrix.scalar_type() == at::kFloat; }

bool has_layout(const Tensor& matrix) {
  return is_of_floats(matrix) && (is_in_lines(matrix, 1) || is_in_lines(matrix, 0));
}

Layout layout_of(const Tensor& matrix) {
  return is_in_lines(matrix, 1) ? Layout{'N', std::max<int64_t>(matrix.stride(0), matrix.size(1))}
                                : Layout{'T', std::max<int64_t>(matrix.stride(1), matrix.size(0))};
}

Tensor with_layout(const Tensor& matrix) { return has_layout(matrix) ? matrix : matrix.contiguous(); }

Tensor product(const Tensor& a, const Tensor& b) {
  const Tensor result = at::empty({a.size(0), b.size(1)}, a.options());
  matrix_product(a, b, result);
  return result;
}

struct MatrixProduct : torch::autograd::Function<MatrixProduct> {
  static Tensor forward(torch::autograd::AutogradContext* context, Tensor a, Tensor b) {
    context->save_for_backward({a, b});
    return product(a, b);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor gradient = gradients[0].contiguous();
    return {context->needs_input_grad(0) ? product(gradient, saved[1].t()) : Tensor(),
            context->needs_input_grad(1) ? product(saved[0].t(), gradient) : Tensor()};
  }
};

}  // namespace

Tensor matrix_product(const Tensor& a, const Tensor& b) {
  const bool fits = a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(0) && a.numel() > 0 && b.numel() > 0;
  return fits && is_of_floats(a) && is_of_floats(b) ? MatrixProduct::apply(with_layout(a), with_layout(b)) : at::matmul(a, b);
}

void matrix_product(const Tensor& a, const Tensor& b, const Tensor& target, bool add) {
  static const Sgemm sgemm = find_sgemm();
  if (sgemm != nullptr && has_layout(a) && has_layout(b) && has_layout(target) && target.stride(1) == 1) {
    const KernelMark mark("matrixProduct");
    const SignalsBlocked blocked;
    const Layout left = layout_of(a), right = layout_of(b), result = layout_of(target);
    const int status = sgemm(left.transposed, right.transposed, target.size(0), target.size(1), a.size(1), 1.f,
                             a.data_ptr<float>(), left.stride, b.data_ptr<float>(), right.stride, add ? 1.f : 0.f,
                             target.data_ptr<float>(), result.stride);
    if (status == 0) return;
  }
  Tensor out = target;
  if (add) {
    out.addmm_(a, b);
  } else {
    at::mm_out(out, a, b);
  }
}

}  // namespace smash
