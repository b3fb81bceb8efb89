// The weights of a whole network in one graph node each: the generated weights of every layer, cut out of the
// HyperNet's output, and the slices of a shared convolution. Slicing layer by layer instead would fill and add a
// tensor of the full size per layer in the backward pass.

#include <ATen/Dispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "cuda_tensors.h"
#include "kernel_mark.h"
#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Divisor guard of the simplified weight norm: a generated weight that is exactly zero stays zero.
constexpr double kTiny = 1e-12;

// How the HyperNet's output [1, kernel * kernel * outputs * inputs, k, L] is laid with bricks: a row holds all taps of
// its own `outputs` output channels, a column those of its own `inputs` input channels.
struct Bricks {
  int64_t inputs, outputs, kernel;
};

// One weight [outputs, inputs, height, width] in it: the first rows, columns `start` ... `start + columns - 1`, over and
// over where it has more inputs than they hold, and the centre of the kernel.
struct Cut {
  int64_t start, columns, inputs, outputs, height, width;

  static constexpr size_t kNumbers = 6;
  explicit Cut(const int64_t* spec)
      : start(spec[0]), columns(spec[1]), inputs(spec[2]), outputs(spec[3]), height(spec[4]), width(spec[5]) {}

  int64_t taps() const { return height * width; }
  int64_t size() const { return outputs * taps() * inputs; }
  // The place in the whole kernel of a tap of this one.
  int64_t tap_of(int64_t tap, int64_t kernel) const {
    return (tap / width + (kernel - height) / 2) * kernel + tap % width + (kernel - width) / 2;
  }
  void check(const Tensor& output, const Bricks& bricks) const {
    const bool is_kernel = height <= bricks.kernel && width <= bricks.kernel && (bricks.kernel - height) % 2 == 0 &&
                           (bricks.kernel - width) % 2 == 0;
    TORCH_CHECK(is_kernel, "a kernel of ", height, " x ", width, " is not the centre of one of ", bricks.kernel);
    TORCH_CHECK(start >= 0 && columns > 0 && start + columns <= output.size(3) && outputs <= bricks.outputs * output.size(2),
                "columns ", start, " to ", start + columns, " and ", outputs, " outputs lie outside ", output.sizes(),
                ", whose rows hold ", bricks.outputs, " outputs");
  }
};

// Calls body(number, input) for every input of one output and tap of a weight; `data` has the strides of `output`.
template <class T, class Body>
inline void for_inputs(T* data, const Tensor& output, const Bricks& bricks, const Cut& cut, int64_t at, int64_t tap, Body body) {
  const int64_t channel = (cut.tap_of(tap, bricks.kernel) * bricks.outputs + at % bricks.outputs) * bricks.inputs;
  T* row = data + at / bricks.outputs * output.stride(2) + channel * output.stride(1) + cut.start * output.stride(3);
  const int64_t column_stride = output.stride(3), step = output.stride(1);
  for (int64_t first = 0, column = 0; first < cut.inputs; first += bricks.inputs, column = (column + 1) % cut.columns) {
    const int64_t count = std::min(bricks.inputs, cut.inputs - first);
    for (int64_t input = 0; input < count; ++input) body(row[column * column_stride + input * step], first + input);
  }
}

// The same places, in the memory of `output`, as a tensor [outputs, height, width, inputs] on its device.
Tensor places_of(const Tensor& output, const Bricks& bricks, const Cut& cut) {
  const auto count = [&](int64_t size, int64_t dim) {
    Ints shape(4, 1);
    shape[dim] = size;
    return at::arange(size, output.options().dtype(at::kLong)).view(shape);
  };
  const auto over = [](const Tensor& x, int64_t divisor) { return at::div(x, divisor, "floor"); };
  const Tensor at = count(cut.outputs, 0), input = count(cut.inputs, 3);
  const Tensor y = count(cut.height, 1) + (bricks.kernel - cut.height) / 2;
  const Tensor x = count(cut.width, 2) + (bricks.kernel - cut.width) / 2;
  const Tensor channel =
      ((y * bricks.kernel + x) * bricks.outputs + at.remainder(bricks.outputs)) * bricks.inputs + input.remainder(bricks.inputs);
  const Tensor column = over(input, bricks.inputs).remainder(cut.columns) + cut.start;
  return over(at, bricks.outputs) * output.stride(2) + channel * output.stride(1) + column * output.stride(3);
}

// All of a tensor without gaps, as it lies in memory.
Tensor memory_of(const Tensor& x) {
  return x.as_strided({x.numel()}, {1});
}

// Of a / divisor and b.
template <class T>
T dot_over(const T* a, T divisor, const T* b, int64_t count) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += a[i] / divisor * b[i];
  return sum;
}

bool has_kernel(const Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

// One weight [outputs, height, width, inputs] of norm `gain`, and its norm before.
void generate(const Tensor& output, const Bricks& bricks, const Cut& cut, double gain, const Tensor& weight, const Tensor& norm) {
  if (!has_kernel(output)) {
    const Tensor raw = memory_of(output).index_select(0, places_of(output, bricks, cut).flatten());
    norm.copy_(at::norm(raw).clamp_min(kTiny));
    weight.copy_((raw / norm * gain).view(weight.sizes()));
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(output.scalar_type(), "generated_weights", [&] {
    const scalar_t* source = output.data_ptr<scalar_t>();
    scalar_t* target = weight.data_ptr<scalar_t>();
    double squares = 0;
    for (int64_t row = 0; row < cut.outputs * cut.taps(); ++row) {
      scalar_t sum = 0;
      for_inputs(source, output, bricks, cut, row / cut.taps(), row % cut.taps(), [&](scalar_t value, int64_t input) {
        target[row * cut.inputs + input] = value;
        sum += value * value;
      });
      squares += sum;
    }
    const scalar_t length = static_cast<scalar_t>(std::max(std::sqrt(squares), kTiny)), factor = static_cast<scalar_t>(gain);
    *norm.data_ptr<scalar_t>() = length;
    for (int64_t i = 0; i < cut.size(); ++i) target[i] = target[i] / length * factor;
  });
}

// Adds the gradient of `generate` to that of the output. With w = gain * u, u = v / |v|: the part of the gradient
// orthogonal to u, times gain over the norm of v.
void add_gradient(const Tensor& result, const Bricks& bricks, const Cut& cut, double gain, const Tensor& weight,
                  const Tensor& gradient, const Tensor& norm) {
  if (!has_kernel(result)) {
    const Tensor unit = weight / gain;
    const Tensor raw = at::sub(gradient, unit * at::sum(unit * gradient)) * (gain / norm);
    memory_of(result).index_add_(0, places_of(result, bricks, cut).flatten(), raw.flatten());
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(result.scalar_type(), "generated_weights_backward", [&] {
    const scalar_t *w = weight.data_ptr<scalar_t>(), *g = gradient.data_ptr<scalar_t>(), scale = static_cast<scalar_t>(gain);
    const int64_t rows = cut.outputs * cut.taps();
    double products = 0;
    for (int64_t row = 0; row < rows; ++row) {
      products += dot_over(w + row * cut.inputs, scale, g + row * cut.inputs, cut.inputs);
    }
    const scalar_t along = static_cast<scalar_t>(products);
    const scalar_t factor = static_cast<scalar_t>(gain / *norm.data_ptr<scalar_t>());
    for (int64_t row = 0; row < rows; ++row) {
      for_inputs(result.data_ptr<scalar_t>(), result, bricks, cut, row / cut.taps(), row % cut.taps(),
                 [&](scalar_t& value, int64_t input) {
        const int64_t i = row * cut.inputs + input;
        value += (g[i] - w[i] / scale * along) * factor;
      });
    }
  });
}

bool has_cuda_kernel(const Tensor& output) {
  return kHasCuda && output.device().is_cuda() && output.scalar_type() == at::kFloat;
}

// All weights in one launch; or, with their gradients (undefined where there is none), the gradients of `output`.
void on_cuda(const Tensor& output, const Bricks& bricks, const Ints& cuts, const Tensor& gains, const variable_list& weights,
             const variable_list& gradients, const Tensor& norms) {
  if constexpr (kHasCuda) {
    std::vector<cuda::GeneratedWeight> items;
    for (size_t index = 0; index < weights.size(); ++index) {
      const Cut cut(&cuts[Cut::kNumbers * index]);
      const auto narrow = [](int64_t value) { return static_cast<int32_t>(value); };
      const float* gradient = gradients.empty() || !gradients[index].defined() ? nullptr : gradients[index].data_ptr<float>();
      items.push_back({weights[index].data_ptr<float>(), gradient, narrow(cut.start), narrow(cut.columns), narrow(cut.inputs),
                       narrow(cut.outputs), narrow(cut.height), narrow(cut.width), static_cast<float>(gains.data_ptr<double>()[index])});
    }
    const cuda::BrickOutput place{output.data_ptr<float>(), output.stride(2), output.stride(1), output.stride(3),
                                  static_cast<int32_t>(bricks.inputs), static_cast<int32_t>(bricks.outputs), static_cast<int32_t>(bricks.kernel)};
    const c10::DeviceGuard guard(output.device());
    if (gradients.empty()) {
      cuda::generate_weights(place, items, norms.data_ptr<float>(), kTiny, cuda_stream());
    } else {
      cuda::add_generated_gradients(place, items, norms.data_ptr<float>(), cuda_stream());
    }
  }
}

struct GeneratedWeights : Function<GeneratedWeights> {
  // `cuts`: the numbers of a `Cut` for each weight. `gains`: the norm of each, [weights]. Weights are channels-last.
  static variable_list forward(AutogradContext* context, Tensor output, Ints cuts, Tensor gains, int64_t inputs, int64_t outputs,
                               int64_t kernel) {
    const Bricks bricks{inputs, outputs, kernel};
    const Tensor norms = at::empty({gains.size(0)}, output.options());
    const KernelMark mark("generatedWeights");
    variable_list weights, saved{norms};
    for (int64_t index = 0; index < gains.size(0); ++index) {
      const Cut cut(&cuts[Cut::kNumbers * index]);
      cut.check(output, bricks);
      weights.push_back(at::empty({cut.outputs, cut.height, cut.width, cut.inputs}, output.options()));
    }
    if (has_cuda_kernel(output)) {
      on_cuda(output, bricks, cuts, gains, weights, {}, norms);
    } else {
      for (int64_t index = 0; index < gains.size(0); ++index) {
        generate(output, bricks, Cut(&cuts[Cut::kNumbers * index]), gains.data_ptr<double>()[index], weights[index], norms[index]);
      }
    }
    for (Tensor& weight : weights) {
      weight = weight.permute({0, 3, 1, 2});
      saved.push_back(weight);
    }
    context->saved_data["cuts"] = cuts;
    context->saved_data["gains"] = gains;
    context->saved_data["shape"] = output.sizes().vec();
    context->saved_data["inputs"] = inputs;
    context->saved_data["outputs"] = outputs;
    context->saved_data["kernel"] = kernel;
    context->saved_data["channelsLast"] = output.is_contiguous(at::MemoryFormat::ChannelsLast);
    context->set_materialize_grads(false);
    context->save_for_backward(saved);
    return weights;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Ints cuts = context->saved_data["cuts"].toIntVector();
    const Tensor gains = context->saved_data["gains"].toTensor();
    const Ints shape = context->saved_data["shape"].toIntVector();
    const Bricks bricks{context->saved_data["inputs"].toInt(), context->saved_data["outputs"].toInt(),
                        context->saved_data["kernel"].toInt()};
    const variable_list saved = context->get_saved_variables();
    const Tensor& norms = saved[0];
    const Tensor result = at::empty(shape, norms.options(), context->saved_data["channelsLast"].toBool()
                                                                ? at::MemoryFormat::ChannelsLast
                                                                : at::MemoryFormat::Contiguous).zero_();
    const KernelMark mark("generatedWeightsBackward");
    variable_list weights, own;
    for (int64_t index = 0; index < gains.size(0); ++index) {
      weights.push_back(saved[index + 1].permute({0, 2, 3, 1}));
      own.push_back(gradients[index].defined() ? gradients[index].permute({0, 2, 3, 1}).contiguous() : Tensor());
    }
    if (has_cuda_kernel(result)) {
      on_cuda(result, bricks, cuts, gains, weights, own, norms);
    } else {
      for (int64_t index = 0; index < gains.size(0); ++index) {
        if (!own[index].defined()) continue;
        add_gradient(result, bricks, Cut(&cuts[Cut::kNumbers * index]), gains.data_ptr<double>()[index], weights[index], own[index], norms[index]);
      }
    }
    return {result, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// The first `outputs` filters and `inputs` channels, and the centre `height` x `width` of the kernel.
Tensor slice_view(const Tensor& weight, const int64_t* spec) {
  const int64_t height = weight.size(2) - spec[2], width = weight.size(3) - spec[3];
  const bool is_inside = spec[0] <= weight.size(0) && spec[1] <= weight.size(1) && height >= 0 && width >= 0;
  TORCH_CHECK(is_inside && height % 2 == 0 && width % 2 == 0, "no centred slice ",
              at::IntArrayRef(spec, 4), " in ", weight.sizes());
  return weight.as_strided({spec[0], spec[1], spec[2], spec[3]}, weight.strides(),
                           weight.storage_offset() + height / 2 * weight.stride(2) + width / 2 * weight.stride(3));
}

struct SlicedWeights : Function<SlicedWeights> {
  static variable_list forward(AutogradContext* context, Tensor weight, Ints specs) {
    variable_list slices;
    for (size_t at = 0; at < specs.size(); at += 4) {
      slices.push_back(slice_view(weight, &specs[at]).clone(at::MemoryFormat::ChannelsLast));
    }
    context->set_materialize_grads(false);
    context->saved_data["specs"] = specs;
    context->save_for_backward({weight});
    return slices;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Ints specs = context->saved_data["specs"].toIntVector();
    Tensor result = at::zeros_like(context->get_saved_variables()[0]);
    for (size_t slice = 0; slice < gradients.size(); ++slice) {
      if (gradients[slice].defined()) slice_view(result, &specs[4 * slice]).add_(gradients[slice]);
    }
    return {result, Tensor()};
  }
};

}  // namespace

void add_weight_ops(OpTable& table) {
  add_op(table, "generatedWeights", "output cuts gains inputs outputs kernel",
         +[](Tensor output, Ints cuts, std::vector<double> gains, int64_t inputs, int64_t outputs, int64_t kernel) -> Tensors {
    TORCH_CHECK(cuts.size() == Cut::kNumbers * gains.size(), "six numbers and a gain a weight");
    TORCH_CHECK(output.dim() == 4 && output.size(0) == 1 && output.size(1) == kernel * kernel * inputs * outputs,
                "the HyperNet's output must be [1, ", kernel * kernel * inputs * outputs, ", k, L]");
    // Its memory is read by place, so it must be without gaps.
    const bool is_dense = output.is_contiguous() || output.is_contiguous(at::MemoryFormat::ChannelsLast);
    return GeneratedWeights::apply(is_dense ? output : output.contiguous(), cuts, at::tensor(gains, at::kDouble), inputs, outputs, kernel);
  });
  add_op(table, "sliceWeights", "weight specs", +[](Tensor weight, Ints specs) -> Tensors {
    TORCH_CHECK(specs.size() % 4 == 0, "four numbers a slice, got ", specs.size());
    return SlicedWeights::apply(weight, specs);
  });
}

}  // namespace smash
