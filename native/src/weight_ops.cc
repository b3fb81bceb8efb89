// The weights of a whole network in one graph node each: the generated 1x1 weights of every layer, cut out of the
// HyperNet's output, and the slices of a shared convolution. Slicing layer by layer instead would fill and add a
// tensor of the full size per layer in the backward pass.

#include <ATen/Dispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "kernel_mark.h"
#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Divisor guard of the simplified weight norm: a generated weight that is exactly zero stays zero.
constexpr double kTiny = 1e-12;

// Where layers lie in the HyperNet's output: `inputs` per column, `outputs` per row.
struct Bricks {
  int64_t inputs, outputs;
};

// [1, outputs * inputs, k, L] seen as [k, outputs, L, inputs]: each row of bricks holds its own outputs, each column
// its own inputs.
Tensor brick_view(const Tensor& output, const Bricks& bricks) {
  return output.view({bricks.outputs, bricks.inputs, output.size(2), output.size(3)}).permute({2, 0, 3, 1});
}

// The bricks of one layer, [rows, outputs, columns, inputs]; of the last row, some outputs may be beyond the layer's.
Tensor layer_view(const Tensor& view, int64_t start, int64_t inputs, int64_t outputs) {
  const int64_t rows = (outputs + view.size(1) - 1) / view.size(1);
  return view.narrow(0, 0, rows).narrow(2, start, inputs / view.size(3));
}

// Calls body(brick, column, input) for every input of one output of a layer, `brick` its place in memory of `view`.
template <class T, class Body>
inline void for_inputs(T* data, const Tensor& view, int64_t start, int64_t inputs, int64_t output, Body body) {
  T* row = data + output / view.size(1) * view.stride(0) + output % view.size(1) * view.stride(1) + start * view.stride(2);
  const int64_t brick = view.size(3), column_stride = view.stride(2), step = view.stride(3);
  for (int64_t column = 0; column * brick < inputs; ++column) {
    for (int64_t input = 0; input < brick; ++input) body(row[column * column_stride + input * step], column * brick + input);
  }
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

struct GeneratedWeights : Function<GeneratedWeights> {
  // `layers`: start column, input channels, output channels of each layer. `gains`: the norm of each weight, [layers].
  static variable_list forward(AutogradContext* context, Tensor output, Ints layers, Tensor gains, int64_t inputs, int64_t outputs) {
    const Tensor view = brick_view(output, {inputs, outputs});
    const Tensor norms = at::empty({gains.size(0)}, output.options());
    const KernelMark mark("generatedWeights");
    variable_list weights, saved{norms};
    for (int64_t layer = 0; layer < gains.size(0); ++layer) {
      const int64_t *spec = &layers[3 * layer], rows = spec[2];
      const double gain = gains.data_ptr<double>()[layer];
      if (!has_kernel(output)) {
        const Tensor bricks = layer_view(view, spec[0], spec[1], rows);
        const Tensor raw = bricks.reshape({-1, spec[1]}).narrow(0, 0, rows);
        const Tensor norm = at::norm(raw).clamp_min(kTiny);
        norms[layer].copy_(norm);
        weights.push_back((raw / norm * gain).view({rows, spec[1], 1, 1}));
      } else {
        layer_view(view, spec[0], spec[1], rows);  // throws where the layer lies outside
        weights.push_back(at::empty({rows, spec[1], 1, 1}, output.options()));
        AT_DISPATCH_FLOATING_TYPES(output.scalar_type(), "generated_weights", [&] {
          const scalar_t* source = output.data_ptr<scalar_t>();
          scalar_t* weight = weights.back().data_ptr<scalar_t>();
          double squares = 0;
          for (int64_t row = 0; row < rows; ++row) {
            scalar_t sum = 0;
            for_inputs(source, view, spec[0], spec[1], row, [&](scalar_t value, int64_t input) {
              weight[row * spec[1] + input] = value;
              sum += value * value;
            });
            squares += sum;
          }
          const scalar_t norm = static_cast<scalar_t>(std::max(std::sqrt(squares), kTiny)), factor = static_cast<scalar_t>(gain);
          norms.data_ptr<scalar_t>()[layer] = norm;
          for (int64_t i = 0; i < rows * spec[1]; ++i) weight[i] = weight[i] / norm * factor;
        });
      }
      saved.push_back(weights.back());
    }
    context->saved_data["layers"] = layers;
    context->saved_data["gains"] = gains;
    context->saved_data["shape"] = output.sizes().vec();
    context->saved_data["inputs"] = inputs;
    context->saved_data["outputs"] = outputs;
    context->saved_data["channelsLast"] = output.is_contiguous(at::MemoryFormat::ChannelsLast);
    context->set_materialize_grads(false);
    context->save_for_backward(saved);
    return weights;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Ints layers = context->saved_data["layers"].toIntVector();
    const Tensor gains = context->saved_data["gains"].toTensor();
    const Ints shape = context->saved_data["shape"].toIntVector();
    const Bricks bricks{context->saved_data["inputs"].toInt(), context->saved_data["outputs"].toInt()};
    const variable_list saved = context->get_saved_variables();
    const Tensor& norms = saved[0];
    const Tensor result = at::empty(shape, norms.options(), context->saved_data["channelsLast"].toBool()
                                                                ? at::MemoryFormat::ChannelsLast
                                                                : at::MemoryFormat::Contiguous).zero_();
    const Tensor view = brick_view(result, bricks);
    const KernelMark mark("generatedWeightsBackward");
    for (int64_t layer = 0; layer < gains.size(0); ++layer) {
      if (!gradients[layer].defined()) continue;
      const int64_t *spec = &layers[3 * layer], rows = spec[2];
      // With w = gain * u, u = v / |v|: the part of the gradient orthogonal to u, times gain over the norm of v.
      const double gain = gains.data_ptr<double>()[layer];
      const Tensor weight = saved[layer + 1].view({rows, spec[1]});
      const Tensor gradient = gradients[layer].reshape({rows, spec[1]}).contiguous();
      if (!has_kernel(result)) {
        const Tensor unit = weight / gain;
        const Tensor raw = at::sub(gradient, unit * at::sum(unit * gradient)) * (gain / norms[layer]);
        const Tensor target = layer_view(view, spec[0], spec[1], rows);
        const Tensor padded = at::constant_pad_nd(raw, {0, 0, 0, target.size(0) * target.size(1) - rows});
        target.copy_(padded.view(target.sizes()));
        continue;
      }
      AT_DISPATCH_FLOATING_TYPES(result.scalar_type(), "generated_weights_backward", [&] {
        const scalar_t *w = weight.data_ptr<scalar_t>(), *g = gradient.data_ptr<scalar_t>(), scale = static_cast<scalar_t>(gain);
        double products = 0;
        for (int64_t row = 0; row < rows; ++row) {
          products += dot_over(w + row * spec[1], scale, g + row * spec[1], spec[1]);
        }
        const scalar_t along = static_cast<scalar_t>(products);
        const scalar_t factor = static_cast<scalar_t>(gain / norms.data_ptr<scalar_t>()[layer]);
        for (int64_t row = 0; row < rows; ++row) {
          for_inputs(result.data_ptr<scalar_t>(), view, spec[0], spec[1], row, [&](scalar_t& value, int64_t input) {
            const int64_t i = row * spec[1] + input;
            value = (g[i] - w[i] / scale * along) * factor;
          });
        }
      });
    }
    return {result, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// The first `outputs` filters and `inputs` channels, and the centre `height` x `width` of the kernel.
Tensor slice_view(const Tensor& weight, const int64_t* spec) {
  const int64_t height = weight.size(2) - spec[2], width = weight.size(3) - spec[3];
  TORCH_CHECK(spec[0] <= weight.size(0) && spec[1] <= weight.size(1) && height >= 0 && width >= 0, "no slice ",
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
  add_op(table, "generatedWeights", "output layers gains inputs outputs",
         +[](Tensor output, Ints layers, std::vector<double> gains, int64_t inputs, int64_t outputs) -> Tensors {
    TORCH_CHECK(layers.size() == 3 * gains.size(), "three numbers and a gain a layer");
    TORCH_CHECK(output.dim() == 4 && output.size(0) == 1 && output.size(1) == inputs * outputs,
                "the HyperNet's output must be [1, ", inputs * outputs, ", k, L]");
    for (size_t at = 0; at < layers.size(); at += 3) {
      TORCH_CHECK(layers[at + 1] % inputs == 0, "a layer of ", layers[at + 1], " inputs does not fill columns of ", inputs);
    }
    return GeneratedWeights::apply(output, layers, at::tensor(gains, at::kDouble), inputs, outputs);
  });
  add_op(table, "sliceWeights", "weight specs", +[](Tensor weight, Ints specs) -> Tensors {
    return SlicedWeights::apply(weight, specs);
  });
}

}  // namespace smash
