// A convolution that keeps the image's size, with the ReLU before it as part of it, as one graph node.

#include <torch/csrc/autograd/custom_function.h>

#include "conv_tensors.h"
#include "cuda_conv.h"
#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

Ints same_padding(const Tensor& weight, const Ints& dilation) {
  return {dilation[0] * (weight.size(2) - 1) / 2, dilation[1] * (weight.size(3) - 1) / 2};
}

struct SameConv : Function<SameConv> {
  static Tensor forward(AutogradContext* context, Tensor input, Tensor weight, Ints dilation, int64_t groups, bool relu, bool bfloat16) {
    const Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    Tensor y = at::empty({x.size(0), weight.size(0), x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
    conv_forward(conv_shape(x, weight, dilation, groups, bfloat16), {x.data_ptr<float>(), relu ? Relu::apply : Relu::none},
                 conv_weight(weight), {y.data_ptr<float>()});
    context->save_for_backward({x, weight});
    context->saved_data["dilation"] = dilation;
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    context->saved_data["bfloat16"] = bfloat16;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    Tensor dx, dw;
    if (context->needs_input_grad(0)) dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    if (context->needs_input_grad(1)) dw = at::empty_like(weight);
    conv_backward(conv_shape(x, weight, context->saved_data["dilation"].toIntVector(), context->saved_data["groups"].toInt(),
                             context->saved_data["bfloat16"].toBool()),
                  {x.data_ptr<float>(), context->saved_data["relu"].toBool() ? Relu::apply : Relu::none},
                  {dy.data_ptr<float>()}, conv_weight(weight), {dx.defined() ? dx.data_ptr<float>() : nullptr}, conv_weight(dw));
    return {dx, dw, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor same_conv(const Tensor& x, const Tensor& weight, const Ints& dilation, int64_t groups, bool relu, bool bfloat16) {
  if (has_conv_kernel(x, weight)) return SameConv::apply(x, weight, dilation, groups, relu, bfloat16);
  if (has_cuda_conv(x, weight)) return cuda_conv(x, weight, dilation, groups, relu);
  return at::conv2d(relu ? at::relu(x) : x, weight.to(x.scalar_type()), {}, {1, 1}, same_padding(weight, dilation), dilation, groups);
}

void add_conv_ops(OpTable& table) {
  add_op(table, "sameConv2d", "x weight dilation groups relu bfloat16",
         +[](Tensor x, Tensor weight, Ints dilation, int64_t groups, bool relu, bool bfloat16) {
    check_conv(x, x.dim() == 4 ? x.size(1) : 0, weight, dilation, groups);
    return same_conv(x, weight, dilation, groups, relu, bfloat16);
  });
}

}  // namespace smash
