// The layers of a block without a graph: every image goes through all of them while its banks are in the cache of one
// core. Layer by layer, as gradients need it, the banks of all images pass through memory at each.

#include "bank_kernel.h"
#include "conv_tensors.h"
#include "kernel_mark.h"
#include "share_work.h"

namespace smash {
namespace {

// ReLU and a convolution, from banks or a scratch tensor of the image to banks or another.
struct Step {
  PackedConv conv;
  Ints reads, writes;  // banks; empty: scratch
  int64_t from, to;    // scratch tensors
  int64_t inputs, outputs, occupied;
};

// A thread's scratch tensors of one image.
using Scratch = std::vector<std::vector<float>>;

class Layers {
 public:
  // `specs`: of every step {banks read, count first; banks written, likewise; scratch read, scratch written; dilation 2; groups}.
  Layers(const Tensor& buffer, const Tensors& weights, const Ints& specs, int64_t width, int64_t occupied, bool bfloat16)
      : data_(buffer.data_ptr<float>()), images_(buffer.size(0)), pixels_(buffer.size(2) * buffer.size(3)),
        stride_(buffer.size(1)), width_(width) {
    std::vector<int64_t> channels;  // of every scratch tensor
    size_t at = 0;
    const auto take = [&] { return specs.at(at++); };
    const auto take_banks = [&] {
      Ints banks(take());
      for (int64_t& bank : banks) bank = take();
      return banks;
    };
    for (const Tensor& weight : weights) {
      const Ints reads = take_banks(), writes = take_banks();
      const int64_t from = take(), to = take();
      const Ints dilation = {take(), take()};
      const int64_t groups = take();
      TORCH_CHECK(from >= 0 && to >= 0, "scratch tensors are counted from 0, got ", from, " and ", to);
      if (static_cast<int64_t>(channels.size()) <= std::max(from, to)) channels.resize(std::max(from, to) + 1);
      const int64_t inputs = reads.empty() ? channels[from] : static_cast<int64_t>(reads.size()) * width;
      check_conv(buffer, inputs, weight, dilation, groups);
      TORCH_CHECK(has_conv_kernel(buffer, weight), "no kernel for a weight ", weight.sizes(), " of ", weight.scalar_type());
      if (!reads.empty()) check_banks(buffer, reads, width);
      if (writes.empty()) {
        channels[to] = weight.size(0);
        floats_ = std::max(floats_, weight.size(0) * pixels_);
      } else {
        check_banks(buffer, writes, width);
        check_value(buffer, {images_, weight.size(0), buffer.size(2), buffer.size(3)}, writes, width, occupied);
      }
      steps_.push_back({PackedConv(conv_shape(buffer, weight, dilation, groups, bfloat16), conv_weight(weight)), reads, writes,
                        from, to, inputs, weight.size(0), occupied});
      if (!writes.empty()) occupied = std::max(occupied, writes.back() + 1);
    }
    TORCH_CHECK(at == specs.size(), "specs of ", weights.size(), " steps end at ", at, ", got ", specs.size());
    scratch_ = channels.size();
  }

  void run() const {
    share_work(images_, images_, [&](int64_t begin, int64_t end, int64_t) {
      thread_local Scratch scratch;
      scratch.resize(std::max(scratch.size(), scratch_));
      for (auto& tensor : scratch) tensor.resize(std::max<size_t>(tensor.size(), floats_));
      for (int64_t image = begin; image < end; ++image) {
        for (const Step& step : steps_) run_step(step, image, scratch);
      }
    });
  }

 private:
  void run_step(const Step& step, int64_t image, Scratch& scratch) const {
    if (step.reads.empty()) return write(step, image, 0, {scratch[step.from].data(), Relu::apply}, scratch);
    with_chunks(read_runs(step.reads, width_), [&](auto chunk, const Runs& chunks) {
      const auto gather = [&](int64_t first, int64_t count, float* out) {
        gather_pixels<float, decltype(chunk)::value>(data_ + first * stride_, stride_, out, step.inputs, count, chunks, true);
      };
      write(step, image, image, {nullptr, Relu::none, gather}, scratch);
    });
  }

  // `from`: the image in x.
  void write(const Step& step, int64_t image, int64_t from, const PixelSource& x, Scratch& scratch) const {
    if (step.writes.empty()) return step.conv.run_image(from, x, 0, {scratch[step.to].data()});
    with_chunks(write_runs(step.writes, width_, step.outputs, step.occupied), [&](auto chunk, const Runs& chunks) {
      const auto scatter = [&](int64_t first, int64_t count, const float* values) {
        scatter_pixels<float, decltype(chunk)::value, false>(data_ + first * stride_, stride_, values, nullptr, step.outputs,
                                                             count, chunks);
      };
      step.conv.run_image(from, x, image, {nullptr, scatter});
    });
  }

  float* data_;
  int64_t images_, pixels_, stride_, width_, floats_ = 0;
  size_t scratch_ = 0;
  std::vector<Step> steps_;
};

}  // namespace

void add_layer_ops(OpTable& table) {
  add_op(table, "runLayers", "buffer weights specs width occupied bfloat16",
         +[](Tensor buffer, Tensors weights, Ints specs, int64_t width, int64_t occupied, bool bfloat16) {
    TORCH_CHECK(!c10::GradMode::is_enabled(), "layers run as one only where no graph is recorded");
    TORCH_CHECK(buffer.is_contiguous(at::MemoryFormat::ChannelsLast), "a bank buffer is channels-last");
    const KernelMark mark("layers");
    Layers(buffer, weights, specs, width, occupied, bfloat16).run();
  });
}

}  // namespace smash
