// A convolution that writes memory banks without the tensor in between: results are scattered (and their gradients
// gathered) while they are in the cache.

#include <torch/csrc/autograd/custom_function.h>

#include "bank_kernel.h"
#include "conv_tensors.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

bool has_bank_kernel(const Tensor& buffer, const Tensor& weight) {
  return has_conv_kernel(buffer, weight) && buffer.is_contiguous(at::MemoryFormat::ChannelsLast);
}

struct ConvWrite : Function<ConvWrite> {
  static Tensor forward(AutogradContext* context, Tensor buffer, Tensor input, Tensor weight, Ints banks, int64_t width,
                        int64_t occupied, Ints dilation, int64_t groups, bool relu, bool bfloat16) {
    const Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t units = weight.size(0);
    with_scatter(write_runs(banks, width, units, occupied), buffer.data_ptr<float>(), buffer.size(1), units, [&](const auto& scatter) {
      conv_forward(conv_shape(x, weight, dilation, groups, bfloat16), {x.data_ptr<float>(), relu ? Relu::apply : Relu::none},
                   conv_weight(weight), {nullptr, scatter});
    });
    context->mark_dirty({buffer});
    context->save_for_backward({x, weight});
    context->saved_data["banks"] = banks;
    context->saved_data["width"] = width;
    context->saved_data["dilation"] = dilation;
    context->saved_data["groups"] = groups;
    context->saved_data["relu"] = relu;
    context->saved_data["bfloat16"] = bfloat16;
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const Tensor buffer = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t units = weight.size(0);
    const Runs runs =
        slice_gradient_runs(context->saved_data["banks"].toIntVector(), context->saved_data["width"].toInt(), units);
    // The images themselves have no gradient.
    const Tensor dx = context->needs_input_grad(1) ? at::empty_like(x, at::MemoryFormat::ChannelsLast) : Tensor();
    const Tensor dw = at::empty_like(weight);
    with_gather(runs, buffer.data_ptr<float>(), buffer.size(1), units, false, [&](const auto& gather) {
      conv_backward(conv_shape(x, weight, context->saved_data["dilation"].toIntVector(), context->saved_data["groups"].toInt(),
                               context->saved_data["bfloat16"].toBool()),
                    {x.data_ptr<float>(), context->saved_data["relu"].toBool() ? Relu::apply : Relu::none},
                    {nullptr, Relu::none, gather}, conv_weight(weight), {dx.defined() ? dx.data_ptr<float>() : nullptr}, conv_weight(dw));
    });
    return {buffer, dx, dw, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

void add_bank_conv_ops(OpTable& table) {
  add_op(table, "convWrite2d", "buffer x weight banks width occupied dilation groups relu bfloat16",
         +[](Tensor buffer, Tensor x, Tensor weight, Ints banks, int64_t width, int64_t occupied, Ints dilation,
             int64_t groups, bool relu, bool bfloat16) {
    check_banks(buffer, banks, width);
    check_conv(x, x.dim() == 4 ? x.size(1) : 0, weight, dilation, groups);
    check_value(buffer, {x.size(0), weight.size(0), x.size(2), x.size(3)}, banks, width, occupied);
    TORCH_CHECK(x.device() == buffer.device(), "x is on ", x.device(), ", the buffer on ", buffer.device());
    if (has_bank_kernel(buffer, weight) && x.scalar_type() == at::kFloat) {
      return ConvWrite::apply(buffer, x, weight, banks, width, occupied, dilation, groups, relu, bfloat16);
    }
    return write_banks(buffer, same_conv(x, weight, dilation, groups, relu, bfloat16), banks, width, occupied);
  });
}

}  // namespace smash
