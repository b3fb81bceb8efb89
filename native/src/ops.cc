// Tensor ops: one line each, thin over ATen. Gradients are libtorch's.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <dlfcn.h>

#include "allocator.h"
#include "matrix_product.h"
#include "op_table.h"
#include "upload.h"

namespace smash {

namespace {

// Filled on the CPU and moved: the same numbers on every device, from the seed alone.
template <class Fill>
Tensor random_fill(const Ints& shape, int64_t seed, at::ScalarType dtype, at::Device device, Fill fill) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<uint64_t>(seed));
  return upload(fill(empty_for_upload(shape, dtype, device), generator), device);
}

// The same results on every run, and no less precision than asked for.
void set_up_cuda() {
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
#if TORCH_VERSION_MAJOR >= 2
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
#endif
}

// OpenBLAS built on pthreads keeps threads of its own, which spin against OpenMP's for the same cores: small products
// become a hundred times slower. One thread is better then; built on OpenMP it shares ours.
void set_threads(int64_t count) {
  at::set_num_threads(static_cast<int>(count));
  constexpr int kPthreads = 1;
  const auto parallel = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_parallel"));
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (parallel != nullptr && set != nullptr && parallel() == kPthreads) set(1);
}

// libtorch, at least to 2.11, gives a padded pool of channels-last images on CUDA wrong gradients (pytorch/pytorch#188344).
Tensor average_pool(const Tensor& x, const Ints& kernel, const Ints& stride, const Ints& padding, bool count_padding) {
  const bool is_padded = padding[0] > 0 || padding[1] > 0;
  if (!x.device().is_cuda() || !is_padded || !x.is_contiguous(at::MemoryFormat::ChannelsLast)) {
    return at::avg_pool2d(x, kernel, stride, padding, false, count_padding);
  }
  return at::avg_pool2d(x.contiguous(), kernel, stride, padding, false, count_padding).contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor differentiable_sum(const Tensor& x, const Ints& dims, bool keep) {
  return dims.empty() ? at::sum(x) : at::sum(x, dims, keep);
}

}  // namespace

void add_tensor_ops(OpTable& table) {
  if (at::hasCUDA()) set_up_cuda();
  const auto op = [&table](const char* name, const char* parameters, auto function) {
    add_op(table, name, parameters, +function);
  };

  // Engine
  op("torchVersion", "", []() { return std::string(TORCH_VERSION); });
  op("cudaDevices", "", []() { return at::hasCUDA() ? static_cast<int64_t>(at::detail::getCUDAHooks().getNumGPUs()) : int64_t{0}; });
  op("setThreads", "count", [](int64_t count) { set_threads(count); });
  op("memoryStats", "", []() { const MemoryStats s = memory_stats(); return Ints{s.live_bytes, s.peak_bytes}; });

  // Autograd
  op("setGradEnabled", "enabled", [](bool enabled) { const bool old = c10::GradMode::is_enabled(); c10::GradMode::set_enabled(enabled); return old; });
  op("requiresGrad", "x", [](Tensor x) { return x.requires_grad(); });
  op("setRequiresGrad", "x required", [](Tensor x, bool required) { x.set_requires_grad(required); });
  op("detach", "x", [](Tensor x) { return x.detach(); });
  op("backward", "loss gradient", [](Tensor loss, OptionalTensor gradient) {
    torch::autograd::backward({loss}, gradient.has_value() ? std::vector<Tensor>{*gradient} : std::vector<Tensor>{}); });
  op("grad", "x", [](Tensor x) -> OptionalTensor { return x.grad().defined() ? OptionalTensor(x.grad()) : c10::nullopt; });
  op("clearGrads", "parameters", [](Tensors parameters) { for (Tensor& p : parameters) p.mutable_grad() = Tensor(); });

  // Facts
  op("shape", "x", [](Tensor x) { return x.sizes().vec(); });
  op("dtype", "x", [](Tensor x) { return x.scalar_type(); });
  op("device", "x", [](Tensor x) { return x.device(); });
  op("item", "x", [](Tensor x) { return x.item().toDouble(); });
  op("isChannelsLast", "x", [](Tensor x) { return x.is_contiguous(at::MemoryFormat::ChannelsLast); });
  op("allFinite", "x", [](Tensor x) { return at::isfinite(x).all().item().toBool(); });

  // Creation
  op("empty", "shape dtype device", [](Ints shape, at::ScalarType t, at::Device d) { return at::empty(shape, at::TensorOptions(t).device(d)); });
  op("full", "shape value dtype device", [](Ints shape, double v, at::ScalarType t, at::Device d) { return at::full(shape, v, at::TensorOptions(t).device(d)); });
  op("arange", "count dtype device", [](int64_t n, at::ScalarType t, at::Device d) { return at::arange(n, at::TensorOptions(t).device(d)); });
  op("eye", "size dtype device", [](int64_t n, at::ScalarType t, at::Device d) { return at::eye(n, at::TensorOptions(t).device(d)); });
  op("uniform", "shape low high seed dtype device", [](Ints shape, double low, double high, int64_t seed, at::ScalarType t, at::Device d) {
    return random_fill(shape, seed, t, d, [=](Tensor x, at::Generator g) { return x.uniform_(low, high, g); }); });
  op("normal", "shape mean deviation seed dtype device", [](Ints shape, double mean, double deviation, int64_t seed, at::ScalarType t, at::Device d) {
    return random_fill(shape, seed, t, d, [=](Tensor x, at::Generator g) { return x.normal_(mean, deviation, g); }); });
  op("bernoulli", "shape probability seed dtype device", [](Ints shape, double p, int64_t seed, at::ScalarType t, at::Device d) {
    return random_fill(shape, seed, t, d, [=](Tensor x, at::Generator g) { return x.bernoulli_(p, g); }); });

  // Moves and layout
  op("clone", "x", [](Tensor x) { return x.clone(); });
  op("contiguous", "x", [](Tensor x) { return x.contiguous(); });
  op("channelsLast", "x", [](Tensor x) { return x.contiguous(at::MemoryFormat::ChannelsLast); });
  op("to", "x dtype device", [](Tensor x, at::ScalarType t, at::Device d) { return x.to(d, t); });
  op("copyInto", "target source", [](Tensor target, Tensor source) { const c10::NoGradGuard guard; target.copy_(source); });

  // Shape
  op("reshape", "x shape", [](Tensor x, Ints shape) { return x.reshape(shape); });
  op("permute", "x dims", [](Tensor x, Ints dims) { return x.permute(dims); });
  op("transpose", "x first second", [](Tensor x, int64_t a, int64_t b) { return x.transpose(a, b); });
  op("narrow", "x dim start length", [](Tensor x, int64_t dim, int64_t start, int64_t length) { return x.narrow(dim, start, length); });
  op("split", "x sizes dim", [](Tensor x, Ints sizes, int64_t dim) -> Tensors { return x.split_with_sizes(sizes, dim); });
  op("cat", "tensors dim", [](Tensors tensors, int64_t dim) { return at::cat(tensors, dim); });
  op("stack", "tensors dim", [](Tensors tensors, int64_t dim) { return at::stack(tensors, dim); });
  op("indexSelect", "x dim index", [](Tensor x, int64_t dim, Tensor index) { return at::index_select(x, dim, index); });
  op("pad", "x amounts value", [](Tensor x, Ints amounts, double value) { return at::constant_pad_nd(x, amounts, value); });
  op("expand", "x shape", [](Tensor x, Ints shape) { return x.expand(shape); });
  op("flip", "x dims", [](Tensor x, Ints dims) { return at::flip(x, dims); });

  // Elementwise
  op("add", "a b", [](Tensor a, Tensor b) { return at::add(a, b); });
  op("sub", "a b", [](Tensor a, Tensor b) { return at::sub(a, b); });
  op("mul", "a b", [](Tensor a, Tensor b) { return at::mul(a, b); });
  op("div", "a b", [](Tensor a, Tensor b) { return at::div(a, b); });
  op("addScalar", "x value", [](Tensor x, double v) { return at::add(x, v); });
  op("mulScalar", "x value", [](Tensor x, double v) { return at::mul(x, v); });
  op("powScalar", "x exponent", [](Tensor x, double e) { return at::pow(x, e); });
  op("neg", "x", [](Tensor x) { return at::neg(x); });
  op("abs", "x", [](Tensor x) { return at::abs(x); });
  op("exp", "x", [](Tensor x) { return at::exp(x); });
  op("log", "x", [](Tensor x) { return at::log(x); });
  op("sqrt", "x", [](Tensor x) { return at::sqrt(x); });
  op("relu", "x", [](Tensor x) { return at::relu(x); });
  op("leakyRelu", "x slope", [](Tensor x, double slope) { return at::leaky_relu(x, slope); });
  op("tanh", "x", [](Tensor x) { return at::tanh(x); });
  op("sigmoid", "x", [](Tensor x) { return at::sigmoid(x); });
  op("clamp", "x low high", [](Tensor x, double low, double high) { return at::clamp(x, low, high); });
  op("maximum", "a b", [](Tensor a, Tensor b) { return at::maximum(a, b); });
  op("where", "condition a b", [](Tensor c, Tensor a, Tensor b) { return at::where(c, a, b); });
  op("equal", "a b", [](Tensor a, Tensor b) { return at::eq(a, b); });
  op("greater", "a b", [](Tensor a, Tensor b) { return at::gt(a, b); });

  // Reductions
  op("sum", "x dims keep", [](Tensor x, Ints dims, bool keep) { return differentiable_sum(x, dims, keep); });
  op("mean", "x dims keep", [](Tensor x, Ints dims, bool keep) { return dims.empty() ? at::mean(x) : at::mean(x, dims, keep); });
  op("variance", "x dims unbiased keep", [](Tensor x, Ints dims, bool unbiased, bool keep) { return at::var(x, at::IntArrayRef(dims), unbiased, keep); });
  op("amax", "x dims keep", [](Tensor x, Ints dims, bool keep) { return at::amax(x, dims, keep); });
  op("argmax", "x dim", [](Tensor x, int64_t dim) { return at::argmax(x, dim); });
  op("topk", "x count dim", [](Tensor x, int64_t k, int64_t dim) { return std::get<1>(at::topk(x, k, dim)); });
  op("norm", "x", [](Tensor x) { return at::norm(x, 2); });

  // Linear algebra
  op("matmul", "a b", [](Tensor a, Tensor b) { return matrix_product(a, b); });
  op("linear", "x weight bias", [](Tensor x, Tensor w, OptionalTensor b) { return at::linear(x, w, b); });
  op("orthogonalBasis", "x", [](Tensor x) { auto [q, r] = at::linalg_qr(x, "reduced"); return Tensor(q * at::diagonal(r).sign()); });

  // Convolution and pooling
  op("conv1d", "x weight bias stride padding dilation groups", [](Tensor x, Tensor w, OptionalTensor b, Ints s, Ints p, Ints d, int64_t g) { return at::conv1d(x, w, b, s, p, d, g); });
  op("conv2d", "x weight bias stride padding dilation groups", [](Tensor x, Tensor w, OptionalTensor b, Ints s, Ints p, Ints d, int64_t g) { return at::conv2d(x, w, b, s, p, d, g); });
  op("conv3d", "x weight bias stride padding dilation groups", [](Tensor x, Tensor w, OptionalTensor b, Ints s, Ints p, Ints d, int64_t g) { return at::conv3d(x, w, b, s, p, d, g); });
  op("avgPool2d", "x kernel stride padding countPadding", [](Tensor x, Ints k, Ints s, Ints p, bool count) { return average_pool(x, k, s, p, count); });
  op("maxPool2d", "x kernel stride padding", [](Tensor x, Ints k, Ints s, Ints p) { return at::max_pool2d(x, k, s, p); });
  op("batchNorm", "x weight bias mean variance training momentum epsilon", [](Tensor x, OptionalTensor w, OptionalTensor b, OptionalTensor m, OptionalTensor v, bool training, double momentum, double epsilon) {
    return at::batch_norm(x, w, b, m, v, training || !m.has_value(), momentum, epsilon, at::globalContext().userEnabledCuDNN()); });
  op("layerNorm", "x shape weight bias epsilon", [](Tensor x, Ints shape, OptionalTensor w, OptionalTensor b, double epsilon) { return at::layer_norm(x, shape, w, b, epsilon); });

  // Losses
  op("logSoftmax", "x dim", [](Tensor x, int64_t dim) { return at::log_softmax(x, dim); });
  op("softmax", "x dim", [](Tensor x, int64_t dim) { return at::softmax(x, dim); });
  op("nllLoss", "x target", [](Tensor x, Tensor target) { return at::nll_loss(x, target); });
  op("crossEntropy", "x target smoothing", [](Tensor x, Tensor target, double smoothing) { return at::cross_entropy_loss(x, target, {}, at::Reduction::Mean, -100, smoothing); });
  op("crossEntropySum", "x target", [](Tensor x, Tensor target) { return at::cross_entropy_loss(x, target, {}, at::Reduction::Sum); });

  // In place, outside the graph
  op("addInPlace", "target x factor", [](Tensor target, Tensor x, double factor) { const c10::NoGradGuard guard; target.add_(x, factor); });
  op("mulInPlace", "target factor", [](Tensor target, double factor) { const c10::NoGradGuard guard; target.mul_(factor); });
  op("lerpInPlace", "target x weight", [](Tensor target, Tensor x, double weight) { const c10::NoGradGuard guard; target.lerp_(x, weight); });
  op("fillInPlace", "target value", [](Tensor target, double value) { const c10::NoGradGuard guard; target.fill_(value); });
  op("reluInPlace", "x", [](Tensor x) { return at::relu_(x); });
}

}  // namespace smash
