// A dense block of the HyperNet (SMASH appendix) as one graph node.
//
// Its convolutions are small and their length changes with every architecture. As matrix products over unfolded
// patches, every feature is unfolded once and its part in all later layers is one product.

#include <ATen/Dispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include "hypernet_kernel.h"
#include "matrix_product.h"
#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool has_kernel(const Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

// A part of a matrix whose rows are contiguous, in one view.
Tensor part(const Tensor& matrix, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  return matrix.as_strided({rows, columns}, {matrix.stride(0), 1}, matrix.storage_offset() + row * matrix.stride(0) + column);
}

// Patches [9C, kL] of features [C, k, L], after the leaky ReLU that stands before every convolution.
void unfold(const Tensor& features, double slope, const Tensor& patches) {
  if (!has_kernel(features)) {
    patches.copy_(at::im2col(at::leaky_relu(features, slope).unsqueeze(0), {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0));
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(features.scalar_type(), "unfold", [&] {
    unfold_planes<scalar_t>(features.data_ptr<scalar_t>(), {features.size(0), features.size(1), features.size(2)},
                            static_cast<scalar_t>(slope), patches.data_ptr<scalar_t>());
  });
}

// Adds the gradient of `unfold`, patches [9C, kL], to that of the features [C, k, L].
void fold(const Tensor& patches, const Tensor& features, double slope, const Tensor& gradient) {
  if (!has_kernel(features)) {
    const Tensor folded =
        at::col2im(patches.unsqueeze(0), {features.size(1), features.size(2)}, {3, 3}, {1, 1}, {1, 1}, {1, 1}).squeeze(0);
    gradient.add_(at::leaky_relu_backward(folded, features, slope, false).view(gradient.sizes()));
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(features.scalar_type(), "fold", [&] {
    add_folded<scalar_t>(patches.data_ptr<scalar_t>(), features.data_ptr<scalar_t>(),
                         {features.size(0), features.size(1), features.size(2)}, static_cast<scalar_t>(slope),
                         gradient.data_ptr<scalar_t>());
  });
}

// A layer's weight over its norm into its rows of the matrix, and the norm.
void normalize(const Tensor& weight, const Tensor& target, const Tensor& norm) {
  if (!has_kernel(weight)) {
    norm.copy_(at::norm(weight));
    target.copy_(weight.view(target.sizes()) / norm);
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "normalize", [&] {
    *norm.data_ptr<scalar_t>() = divide_by_norm<scalar_t>(
        weight.data_ptr<scalar_t>(), {target.size(0), target.size(1), target.stride(0)}, target.data_ptr<scalar_t>());
  });
}

// The gradient of `normalize`, into `target`; weight and gradient are parts of matrices of the same size.
void normalize_backward(const Tensor& weight, const Tensor& gradient, const Tensor& norm, const Tensor& target) {
  if (!has_kernel(weight)) {
    target.copy_(((gradient - weight * at::sum(weight * gradient)) / norm).view({-1}));
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "normalize_backward", [&] {
    divide_by_norm_backward<scalar_t>(weight.data_ptr<scalar_t>(), gradient.data_ptr<scalar_t>(),
                                      {weight.size(0), weight.size(1), weight.stride(0)}, *norm.data_ptr<scalar_t>(),
                                      target.data_ptr<scalar_t>());
  });
}

struct DenseBlock : Function<DenseBlock> {
  // x [C, k, L]; `weights`: [growth, C + i * growth, 3, 3] of each layer one after the other -> [C + layers * growth, k, L]
  static Tensor forward(AutogradContext* context, Tensor x, Tensor weights, int64_t layers, int64_t growth, double slope) {
    const int64_t inputs = x.size(0);
    const int64_t positions = x.size(1) * x.size(2);
    // Every layer's weight in its rows; a layer does not read itself or what comes later.
    const Tensor matrix = at::zeros({layers * growth, kTaps * (inputs + (layers - 1) * growth)}, x.options());
    const Tensor norms = at::empty({layers}, x.options());
    int64_t at = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t width = kTaps * (inputs + layer * growth);
      normalize(weights.narrow(0, at, growth * width), part(matrix, layer * growth, growth, 0, width), norms[layer]);
      at += growth * width;
    }
    const Tensor result = at::empty({inputs + layers * growth, x.size(1), x.size(2)}, x.options());
    const Tensor patches = at::empty({matrix.size(1), positions}, x.options());
    result.narrow(0, 0, inputs).copy_(x);
    const Tensor first = part(patches, 0, kTaps * inputs, 0, positions);
    unfold(x, slope, first);
    const Tensor grown = result.narrow(0, inputs, layers * growth).view({layers * growth, positions});
    matrix_product(matrix.narrow(1, 0, kTaps * inputs), first, grown);
    for (int64_t layer = 0; layer + 1 < layers; ++layer) {
      const int64_t first = kTaps * (inputs + layer * growth), later = (layer + 1) * growth, rest = layers * growth - later;
      const Tensor own = part(patches, first, kTaps * growth, 0, positions);
      unfold(result.narrow(0, inputs + layer * growth, growth), slope, own);
      matrix_product(part(matrix, later, rest, first, kTaps * growth), own, part(grown, later, rest, 0, positions), true);
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
    const int64_t layers = norms.size(0), rows = layers * growth, positions = patches.size(1);
    const Tensor total = gradients[0].contiguous();
    const Tensor grown = total.narrow(0, inputs, rows).clone().view({rows, positions});
    for (int64_t layer = layers - 2; layer >= 0; --layer) {
      const int64_t first = kTaps * (inputs + layer * growth), later = (layer + 1) * growth;
      const Tensor own = at::empty({kTaps * growth, positions}, grown.options());
      matrix_product(part(matrix, later, rows - later, first, kTaps * growth).t(),
                     part(grown, later, rows - later, 0, positions), own);
      fold(own, result.narrow(0, inputs + layer * growth, growth), slope, part(grown, layer * growth, growth, 0, positions));
    }
    Tensor x_gradient;
    if (context->saved_data["needsInput"].toBool()) {
      const Tensor own = at::empty({kTaps * inputs, positions}, grown.options());
      matrix_product(matrix.narrow(1, 0, kTaps * inputs).t(), grown, own);
      x_gradient = total.narrow(0, 0, inputs).clone();
      fold(own, result.narrow(0, 0, inputs), slope, x_gradient);
    }
    const Tensor all = at::empty({rows, patches.size(0)}, grown.options());
    matrix_product(grown, patches.t(), all);
    const int64_t count = growth * kTaps * (layers * inputs + growth * layers * (layers - 1) / 2);
    const Tensor weight_gradient = at::empty({count}, all.options());
    int64_t at = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t width = kTaps * (inputs + layer * growth);
      normalize_backward(part(matrix, layer * growth, growth, 0, width), part(all, layer * growth, growth, 0, width),
                         norms[layer], weight_gradient.narrow(0, at, growth * width));
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
