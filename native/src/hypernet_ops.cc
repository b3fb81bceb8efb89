// A dense block of the HyperNet (SMASH appendix) as one graph node.
//
// Its convolutions are small and their length changes with every architecture. As matrix products over unfolded
// patches, every feature is unfolded once and its part in all later layers is one product.

#include <torch/csrc/autograd/custom_function.h>

#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kTaps = 9;  // 3x3

// Features [C, k, L] -> patches [9C, kL], after the leaky ReLU that stands before every convolution.
Tensor unfold(const Tensor& features, double slope) {
  return at::im2col(at::leaky_relu(features, slope).unsqueeze(0), {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0);
}

// The gradient of `unfold`: patches [9C, kL] -> [C, k, L]
Tensor fold(const Tensor& patches, const Tensor& features, double slope) {
  const Tensor folded =
      at::col2im(patches.unsqueeze(0), {features.size(1), features.size(2)}, {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0);
  return at::leaky_relu_backward(folded, features, slope, false);
}

struct DenseBlock : Function<DenseBlock> {
  // x [C, k, L]; `weights`: [growth, C + i * growth, 3, 3] of each layer one after the other -> [C + layers * growth, k, L]
  static Tensor forward(AutogradContext* context, Tensor x, Tensor weights, int64_t layers, int64_t growth, double slope) {
    const int64_t inputs = x.size(0);
    const int64_t positions = x.size(1) * x.size(2);
    // Every layer's weight in its rows; a layer does not read itself or what comes later.
    Tensor matrix = at::zeros({layers * growth, kTaps * (inputs + (layers - 1) * growth)}, x.options());
    Tensor norms = at::empty({layers}, x.options());
    int64_t at = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t width = kTaps * (inputs + layer * growth);
      const Tensor flat = weights.narrow(0, at, growth * width).view({growth, width});
      at += growth * width;
      const Tensor norm = norms[layer];
      norm.copy_(at::norm(flat));
      Tensor target = matrix.narrow(0, layer * growth, growth).narrow(1, 0, width);
      at::div_out(target, flat, norm);
    }
    Tensor result = at::empty({inputs + layers * growth, x.size(1), x.size(2)}, x.options());
    Tensor patches = at::empty({matrix.size(1), positions}, x.options());
    result.narrow(0, 0, inputs).copy_(x);
    patches.narrow(0, 0, kTaps * inputs).copy_(unfold(x, slope));
    Tensor grown = result.narrow(0, inputs, layers * growth).view({layers * growth, positions});
    at::mm_out(grown, matrix.narrow(1, 0, kTaps * inputs), patches.narrow(0, 0, kTaps * inputs));
    for (int64_t layer = 0; layer + 1 < layers; ++layer) {
      const int64_t first = kTaps * (inputs + layer * growth), later = (layer + 1) * growth;
      Tensor own = patches.narrow(0, first, kTaps * growth);
      own.copy_(unfold(result.narrow(0, inputs + layer * growth, growth), slope));
      grown.narrow(0, later, layers * growth - later)
          .addmm_(matrix.narrow(0, later, layers * growth - later).narrow(1, first, kTaps * growth), own);
    }
    context->save_for_backward({result, matrix, patches, norms});
    context->saved_data["inputs"] = inputs;
    context->saved_data["growth"] = growth;
    context->saved_data["slope"] = slope;
    context->saved_data["needsInput"] = x.requires_grad();
    return result;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &result = saved[0], &matrix = saved[1], &patches = saved[2], &norms = saved[3];
    const int64_t inputs = context->saved_data["inputs"].toInt(), growth = context->saved_data["growth"].toInt();
    const double slope = context->saved_data["slope"].toDouble();
    const int64_t layers = norms.size(0), rows = layers * growth;
    const Tensor total = gradients[0].contiguous();
    const Tensor grown = total.narrow(0, inputs, rows).clone().view({rows, patches.size(1)});
    for (int64_t layer = layers - 2; layer >= 0; --layer) {
      const int64_t first = kTaps * (inputs + layer * growth), later = (layer + 1) * growth;
      const Tensor own = at::mm(matrix.narrow(0, later, rows - later).narrow(1, first, kTaps * growth).t(),
                                grown.narrow(0, later, rows - later));
      grown.narrow(0, layer * growth, growth)
          .add_(fold(own, result.narrow(0, inputs + layer * growth, growth), slope).view({growth, -1}));
    }
    Tensor x_gradient;
    if (context->saved_data["needsInput"].toBool()) {
      const Tensor own = at::mm(matrix.narrow(1, 0, kTaps * inputs).t(), grown);
      x_gradient = fold(own, result.narrow(0, 0, inputs), slope).add_(total.narrow(0, 0, inputs));
    }
    const Tensor all = at::mm(grown, patches.t());
    const int64_t count = growth * kTaps * (layers * inputs + growth * layers * (layers - 1) / 2);
    const Tensor weight_gradient = at::empty({count}, all.options());
    int64_t at = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t width = kTaps * (inputs + layer * growth);
      const Tensor weight = matrix.narrow(0, layer * growth, growth).narrow(1, 0, width);
      const Tensor gradient = all.narrow(0, layer * growth, growth).narrow(1, 0, width);
      // d/dw of w / |w|: the part of the gradient orthogonal to the normalised weight, over the norm.
      Tensor target = weight_gradient.narrow(0, at, growth * width).view({growth, width});
      at::sub_out(target, gradient, at::mul(weight, at::sum(weight * gradient)));
      target.div_(norms[layer]);
      at += growth * width;
    }
    return {x_gradient, weight_gradient, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

void add_hypernet_ops(OpTable& table) {
  add_op(table, "denseBlock", "x weights slope", +[](Tensor x, Tensors weights, double slope) {
    TORCH_CHECK(x.dim() == 3 && !weights.empty(), "a dense block takes [C, k, L] and at least one weight, got ", x.sizes());
    Tensors flat;
    for (size_t layer = 0; layer < weights.size(); ++layer) {
      const Ints expected{weights[0].size(0), x.size(0) + static_cast<int64_t>(layer) * weights[0].size(0), 3, 3};
      TORCH_CHECK(weights[layer].sizes() == expected, "weight ", layer, " must be ", expected, ", got ", weights[layer].sizes());
      flat.push_back(weights[layer].reshape({-1}));
    }
    // libtorch's custom functions take single tensors: the weights travel as one.
    return DenseBlock::apply(x.contiguous(), at::cat(flat), static_cast<int64_t>(weights.size()), weights[0].size(0), slope);
  });
}

}  // namespace smash
