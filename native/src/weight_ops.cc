// The weights of a whole network in one graph node each: the generated 1x1 weights of every layer, cut out of the
// HyperNet's output, and the slices of a shared convolution. Slicing layer by layer instead would fill and add a
// tensor of the full size per layer in the backward pass.

#include <torch/csrc/autograd/custom_function.h>

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

// The bricks of one layer, [rows, outputs, columns, inputs].
Tensor layer_view(const Tensor& view, int64_t start, int64_t inputs, int64_t outputs) {
  const int64_t rows = (outputs + view.size(1) - 1) / view.size(1);
  return view.narrow(0, 0, rows).narrow(2, start, inputs / view.size(3));
}

struct GeneratedWeights : Function<GeneratedWeights> {
  // `layers`: start column, input channels, output channels of each layer.
  static variable_list forward(AutogradContext* context, Tensor output, Ints layers, int64_t inputs, int64_t outputs) {
    const Tensor view = brick_view(output, {inputs, outputs});
    variable_list weights, saved;
    for (size_t at = 0; at < layers.size(); at += 3) {
      const Tensor bricks = layer_view(view, layers[at], layers[at + 1], layers[at + 2]);
      const Tensor raw = bricks.reshape({-1, layers[at + 1]}).narrow(0, 0, layers[at + 2]);
      const Tensor norm = at::norm(raw).clamp_min(kTiny);
      weights.push_back(at::div(raw, norm).unsqueeze(2).unsqueeze(3));
      saved.push_back(weights.back());
      saved.push_back(norm);
    }
    context->saved_data["layers"] = layers;
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
    const Ints shape = context->saved_data["shape"].toIntVector();
    const Bricks bricks{context->saved_data["inputs"].toInt(), context->saved_data["outputs"].toInt()};
    const variable_list saved = context->get_saved_variables();
    Tensor result = at::empty(shape, saved[0].options(), context->saved_data["channelsLast"].toBool()
                                                             ? at::MemoryFormat::ChannelsLast
                                                             : at::MemoryFormat::Contiguous).zero_();
    const Tensor view = brick_view(result, bricks);
    for (size_t at = 0, layer = 0; at < layers.size(); at += 3, ++layer) {
      if (!gradients[layer].defined()) continue;
      const int64_t inputs = layers[at + 1], outputs = layers[at + 2];
      const Tensor weight = saved[2 * layer].reshape({outputs, inputs});
      const Tensor gradient = gradients[layer].reshape({outputs, inputs});
      // d/dw of w / |w|: the part of the gradient orthogonal to the normalised weight, over the norm.
      Tensor raw = at::sub(gradient, at::mul(weight, at::sum(weight * gradient))).div_(saved[2 * layer + 1]);
      const Tensor target = layer_view(view, layers[at], inputs, outputs);
      const int64_t padded = target.size(0) * target.size(1);
      if (padded > outputs) raw = at::constant_pad_nd(raw, {0, 0, 0, padded - outputs});
      target.copy_(raw.view({target.size(0), target.size(1), target.size(2), target.size(3)}));
    }
    return {result, Tensor(), Tensor(), Tensor()};
  }
};

// The first `outputs` filters and `inputs` channels, and the centre `height` x `width` of the kernel.
Tensor slice_view(const Tensor& weight, const int64_t* spec) {
  return weight.narrow(0, 0, spec[0])
      .narrow(1, 0, spec[1])
      .narrow(2, (weight.size(2) - spec[2]) / 2, spec[2])
      .narrow(3, (weight.size(3) - spec[3]) / 2, spec[3]);
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
  add_op(table, "generatedWeights", "output layers inputs outputs",
         +[](Tensor output, Ints layers, int64_t inputs, int64_t outputs) -> Tensors {
    TORCH_CHECK(output.dim() == 4 && output.size(0) == 1 && output.size(1) == inputs * outputs,
                "the HyperNet's output must be [1, ", inputs * outputs, ", k, L]");
    for (size_t at = 0; at < layers.size(); at += 3) {
      TORCH_CHECK(layers[at + 1] % inputs == 0, "a layer of ", layers[at + 1], " inputs does not fill columns of ", inputs);
    }
    return GeneratedWeights::apply(output, layers, inputs, outputs);
  });
  add_op(table, "sliceWeights", "weight specs", +[](Tensor weight, Ints specs) -> Tensors {
    return SlicedWeights::apply(weight, specs);
  });
}

}  // namespace smash
