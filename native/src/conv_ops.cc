// A convolution that keeps the image's size, with the ReLU before it as part of it, as one graph node.

#include <torch/csrc/autograd/custom_function.h>

#include "conv_kernel.h"
#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool has_kernel(const Tensor& x, const Tensor& weight) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat && x.numel() > 0;
}

ConvShape shape_of(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups) {
  return {x.size(0), x.size(2), x.size(3), x.size(1), weight.size(0), groups,
          {weight.size(2), weight.size(3)}, {dilation[0], dilation[1]}};
}

ConvWeight weight_of(const Tensor& weight) {
  return {weight.data_ptr<float>(), {weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)}};
}

Ints same_padding(const Tensor& weight, const Ints& dilation) {
  return {dilation[0] * (weight.size(2) - 1) / 2, dilation[1] * (weight.size(3) - 1) / 2};
}

struct SameConv : Function<SameConv> {
  static Tensor forward(AutogradContext* context, Tensor input, Tensor weight, Ints dilation, int64_t groups, bool relu) {
    const Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    Tensor y = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
    conv_forward(shape_of(x, weight, dilation, groups), x.data_ptr<float>(), weight_of(weight), relu, y.data_ptr<float>());
    context->save_for_backward({x, weight});
    context->saved_data["dilation"] = dilation;
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const bool relu = context->saved_data["relu"].toBool();
    const ConvShape shape = shape_of(x, weight, context->saved_data["dilation"].toIntVector(),
                                     context->saved_data["groups"].toInt());
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    Tensor dx, dw;
    if (context->needs_input_grad(0)) {
      dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
      conv_input_gradient(shape, dy.data_ptr<float>(), weight_of(weight), relu ? x.data_ptr<float>() : nullptr,
                          dx.data_ptr<float>());
    }
    if (context->needs_input_grad(1)) {
      dw = at::empty_like(weight);
      conv_weight_gradient(shape, x.data_ptr<float>(), dy.data_ptr<float>(), relu, weight_of(dw));
    }
    return {dx, dw, Tensor(), Tensor(), Tensor()};
  }
};

void check(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4, "x and weight must have 4 dimensions, got ", x.sizes(), " and ", weight.sizes());
  TORCH_CHECK(dilation.size() == 2 && dilation[0] > 0 && dilation[1] > 0, "dilation must be two positive numbers");
  TORCH_CHECK(weight.size(2) % 2 == 1 && weight.size(3) % 2 == 1, "kernels must be odd, got ", weight.sizes());
  TORCH_CHECK(groups > 0 && x.size(1) == weight.size(1) * groups && weight.size(0) % groups == 0,
              "weight ", weight.sizes(), " with ", groups, " groups does not fit x ", x.sizes());
}

}  // namespace

void add_conv_ops(OpTable& table) {
  add_op(table, "sameConv2d", "x weight dilation groups relu",
         +[](Tensor x, Tensor weight, Ints dilation, int64_t groups, bool relu) {
    check(x, weight, dilation, groups);
    if (has_kernel(x, weight)) return SameConv::apply(x, weight, dilation, groups, relu);
    return at::conv2d(relu ? at::relu(x) : x, weight, {}, {1, 1}, same_padding(weight, dilation), dilation, groups);
  });
}

}  // namespace smash
