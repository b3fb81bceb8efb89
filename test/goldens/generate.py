"""Writes *.golden.json beside this file: inputs, outputs and gradients of PyTorch for every operation we expose.

Run with Debian's PyTorch: /usr/bin/python3 test/goldens/generate.py
Inputs are exact in float32; results are computed in float64, so that a comparison measures our error alone.
"""

import json
import math
import os

import torch
import torch.nn.functional as F

FOLDER = os.path.dirname(os.path.abspath(__file__))
GENERATOR = torch.Generator().manual_seed(1708)
DTYPES = {torch.float64: "float32", torch.int64: "int64", torch.bool: "bool"}


def number(value):
    return value if isinstance(value, (int, bool)) else float("%.9g" % value)


def stored(tensor):
    data = [number(v) for v in tensor.detach().reshape(-1).tolist()]
    if tensor.dtype == torch.bool:
        data = [int(v) for v in data]
    return {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data": data}


def draw(*shape, low=-2.0, high=2.0):
    """Values of three decimals, as float32 sees them."""
    values = torch.rand(shape, generator=GENERATOR, dtype=torch.float64) * (high - low) + low
    return values.mul(1000).round().div(1000).float().double()


def distinct(*shape):
    """No ties and nothing near zero: maxima, sorting and kinks have one answer."""
    count = math.prod(shape)
    order = torch.randperm(count, generator=GENERATOR).double()
    return ((order - count // 2 + 0.25) / 16).float().double().reshape(shape)


def integers(high, *shape):
    return torch.randint(0, high, shape, generator=GENERATOR)


def case(op, function, inputs, name="", **options):
    """One case: `function(inputs, options)` gives a tensor or several; gradients are of sum(output * cotangent)."""
    leaves = {key: t.clone().requires_grad_(t.is_floating_point()) for key, t in inputs.items()}
    result = function(leaves, options)
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    cotangents, gradients = [], {}
    if outputs[0].requires_grad:
        cotangents = [draw(*output.shape) for output in outputs]
        sum((o * c).sum() for o, c in zip(outputs, cotangents)).backward()
        gradients = {key: stored(leaf.grad) for key, leaf in leaves.items() if leaf.grad is not None}
    return {
        "op": op,
        "name": f"{op} {name}".strip(),
        "inputs": {key: stored(t) for key, t in inputs.items()},
        "options": options,
        "outputs": [stored(output) for output in outputs],
        "cotangents": [stored(c) for c in cotangents],
        "gradients": gradients,
    }


def write(file, content):
    path = os.path.join(FOLDER, f"{file}.golden.json")
    with open(path, "w") as out:
        json.dump(content, out, separators=(",", ":"))
        out.write("\n")
    print(f"{file}: {os.path.getsize(path)} bytes")


def elementwise_cases():
    small = lambda: {"x": distinct(2, 3, 2, 2)}
    positive = lambda: {"x": draw(2, 3, 2, 2, low=0.1, high=3)}
    unary = {
        "neg": (small, torch.neg), "abs": (small, torch.abs), "exp": (small, torch.exp), "log": (positive, torch.log),
        "sqrt": (positive, torch.sqrt), "relu": (small, torch.relu), "tanh": (small, torch.tanh),
        "sigmoid": (small, torch.sigmoid), "reluInPlace": (small, torch.relu),
    }
    for op, (inputs, function) in unary.items():
        yield case(op, lambda i, o: function(i["x"]), inputs())
    binary = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum}
    for op, function in binary.items():
        yield case(op, lambda i, o: function(i["a"], i["b"]), {"a": distinct(2, 3, 2, 2), "b": draw(2, 3, 2, 2, low=0.2)})
        yield case(op, lambda i, o: function(i["a"], i["b"]), {"a": distinct(2, 3, 2, 2), "b": draw(3, 1, 1, low=0.2)}, "with broadcasting")
    yield case("addScalar", lambda i, o: i["x"] + o["value"], small(), value=1.5)
    yield case("mulScalar", lambda i, o: i["x"] * o["value"], small(), value=-0.75)
    yield case("powScalar", lambda i, o: i["x"] ** o["exponent"], positive(), "fractional", exponent=1.5)
    yield case("powScalar", lambda i, o: i["x"] ** o["exponent"], small(), "square", exponent=2)
    yield case("leakyRelu", lambda i, o: F.leaky_relu(i["x"], o["slope"]), small(), slope=0.02)
    yield case("clamp", lambda i, o: i["x"].clamp(o["low"], o["high"]), small(), low=-0.5, high=0.4)
    pair = {"a": torch.tensor([1.0, 2, 3, 4]).double(), "b": torch.tensor([1.0, 3, 2, 4]).double()}
    yield case("equal", lambda i, o: i["a"] == i["b"], pair)
    yield case("greater", lambda i, o: i["a"] > i["b"], pair)
    chosen = {"condition": integers(2, 3, 4).bool(), "a": draw(3, 4), "b": draw(3, 1)}
    yield case("where", lambda i, o: torch.where(i["condition"], i["a"], i["b"]), chosen)


def shape_cases():
    image = lambda: {"x": draw(2, 4, 3, 2)}
    yield case("clone", lambda i, o: i["x"].clone(), image())
    yield case("contiguous", lambda i, o: i["x"].contiguous(), image())
    yield case("channelsLast", lambda i, o: i["x"], image())
    yield case("reshape", lambda i, o: i["x"].reshape(o["shape"]), image(), shape=[2, -1])
    yield case("permute", lambda i, o: i["x"].permute(o["dims"]), image(), dims=[0, 2, 3, 1])
    yield case("transpose", lambda i, o: i["x"].transpose(o["first"], o["second"]), image(), first=1, second=3)
    yield case("narrow", lambda i, o: i["x"].narrow(o["dim"], o["start"], o["length"]), image(), dim=1, start=1, length=2)
    yield case("split", lambda i, o: i["x"].split(o["sizes"], o["dim"]), image(), sizes=[1, 3], dim=1)
    parts = {"a": draw(2, 1, 3, 2), "b": draw(2, 3, 3, 2)}
    yield case("cat", lambda i, o: torch.cat([i["a"], i["b"]], o["dim"]), parts, dim=1)
    rows = {"a": draw(2, 3), "b": draw(2, 3)}
    yield case("stack", lambda i, o: torch.stack([i["a"], i["b"]], o["dim"]), rows, dim=1)
    picked = {"x": draw(3, 4), "index": torch.tensor([2, 0, 2])}
    yield case("indexSelect", lambda i, o: i["x"].index_select(o["dim"], i["index"]), picked, dim=0)
    yield case("pad", lambda i, o: F.pad(i["x"], o["amounts"], value=o["value"]), image(), amounts=[1, 0, 2, 1], value=0.5)
    yield case("expand", lambda i, o: i["x"].expand(o["shape"]), {"x": draw(3, 1)}, shape=[2, 3, 4])
    yield case("flip", lambda i, o: i["x"].flip(o["dims"]), image(), dims=[3])


def reduction_cases():
    image = lambda: {"x": distinct(2, 3, 3, 2)}
    for op, function in {"sum": torch.sum, "mean": torch.mean}.items():
        yield case(op, lambda i, o: function(i["x"]), image(), "of all")
        yield case(op, lambda i, o: function(i["x"], o["dims"], o.get("keepDims", False)), image(), "over space", dims=[2, 3])
        yield case(op, lambda i, o: function(i["x"], o["dims"], o["keepDims"]), image(), "kept", dims=[1], keepDims=True)
    variance = lambda i, o: torch.var(i["x"], o.get("dims", [0, 1, 2, 3]), unbiased=o.get("unbiased", True), keepdim=o.get("keepDims", False))
    yield case("variance", variance, image(), "of all by default")
    yield case("variance", variance, image(), "unbiased", dims=[0, 2, 3])
    yield case("variance", variance, image(), "biased", dims=[1], unbiased=False, keepDims=True)
    yield case("amax", lambda i, o: i["x"].amax(o["dims"], o["keepDims"]), image(), dims=[2, 3], keepDims=False)
    yield case("argmax", lambda i, o: i["x"].argmax(o["dim"]), image(), dim=1)
    yield case("topk", lambda i, o: i["x"].topk(o["count"], o["dim"]).indices, {"x": distinct(3, 5)}, count=2, dim=1)
    yield case("norm", lambda i, o: i["x"].norm(), image())
    yield case("logSoftmax", lambda i, o: F.log_softmax(i["x"], o["dim"]), {"x": draw(3, 5)}, dim=1)
    yield case("softmax", lambda i, o: F.softmax(i["x"], o["dim"]), {"x": draw(3, 5)}, dim=1)


def linear_cases():
    yield case("matmul", lambda i, o: i["a"] @ i["b"], {"a": draw(3, 4), "b": draw(4, 2)})
    yield case("matmul", lambda i, o: i["a"] @ i["b"], {"a": draw(2, 3, 4), "b": draw(2, 4, 2)}, "batched")
    yield case("linear", lambda i, o: F.linear(i["x"], i["weight"]), {"x": draw(3, 4), "weight": draw(2, 4)})
    yield case("linear", lambda i, o: F.linear(i["x"], i["weight"], i["bias"]), {"x": draw(3, 4), "weight": draw(2, 4), "bias": draw(2)}, "with bias")


def conv_cases():
    functions = {"conv1d": F.conv1d, "conv2d": F.conv2d, "conv3d": F.conv3d}

    def conv(op, name, x, weight, bias=False, **options):
        inputs = {"x": draw(*x), "weight": draw(*weight)}
        if bias:
            inputs["bias"] = draw(weight[0])
        return case(op, lambda i, o: functions[op](i["x"], i["weight"], i.get("bias"), **o), inputs, name, **options)

    yield conv("conv1d", "plain with bias", (2, 3, 8), (4, 3, 3), bias=True, padding=1)
    yield conv("conv1d", "strided, dilated, grouped", (2, 4, 9), (6, 2, 3), stride=2, padding=2, dilation=2, groups=2)
    yield conv("conv2d", "plain with bias", (2, 4, 5, 5), (3, 4, 3, 3), bias=True, padding=1)
    yield conv("conv2d", "1x1", (2, 8, 3, 3), (4, 8, 1, 1))
    yield conv("conv2d", "strided", (2, 3, 6, 5), (4, 3, 3, 3), stride=2, padding=1)
    yield conv("conv2d", "dilated", (1, 3, 7, 7), (2, 3, 3, 3), padding=2, dilation=2)
    yield conv("conv2d", "grouped", (2, 8, 4, 4), (8, 2, 3, 3), padding=1, groups=4)
    yield conv("conv2d", "depthwise", (2, 4, 5, 5), (4, 1, 3, 3), padding=1, groups=4)
    yield conv("conv2d", "grouped and dilated with bias", (2, 4, 7, 7), (6, 2, 3, 3), bias=True, padding=3, dilation=3, groups=2)
    yield conv("conv2d", "asymmetric", (2, 3, 5, 6), (4, 3, 1, 5), stride=(2, 1), padding=(0, 2))
    yield conv("conv2d", "asymmetric and dilated", (1, 2, 8, 5), (3, 2, 3, 1), padding=(2, 0), dilation=(2, 1))
    yield conv("conv3d", "plain with bias", (1, 2, 3, 4, 4), (3, 2, 3, 3, 3), bias=True, padding=1)
    yield conv("conv3d", "strided, grouped, asymmetric", (1, 4, 3, 4, 5), (4, 2, 1, 3, 3), stride=(1, 2, 1), padding=(0, 1, 2), dilation=(1, 1, 2), groups=2)


def pool_cases():
    image = lambda: {"x": distinct(2, 3, 5, 6)}
    average = lambda i, o: F.avg_pool2d(i["x"], o["kernel"], o.get("stride"), o.get("padding", 0), count_include_pad=o.get("countPadding", True))
    yield case("avgPool2d", average, image(), "by default", kernel=2)
    yield case("avgPool2d", average, image(), "by default, padded", kernel=3, padding=1)
    yield case("avgPool2d", average, image(), "2x2", kernel=2, stride=2, padding=0, countPadding=True)
    yield case("avgPool2d", average, image(), "counting padding", kernel=3, stride=2, padding=1, countPadding=True)
    yield case("avgPool2d", average, image(), "not counting padding", kernel=3, stride=2, padding=1, countPadding=False)
    yield case("avgPool2d", average, image(), "asymmetric", kernel=(1, 3), stride=(2, 1), padding=(0, 1), countPadding=False)
    most = lambda i, o: F.max_pool2d(i["x"], o["kernel"], o.get("stride"), o.get("padding", 0))
    yield case("maxPool2d", most, image(), "by default", kernel=2)
    yield case("maxPool2d", most, image(), "2x2", kernel=2, stride=2, padding=0)
    yield case("maxPool2d", most, image(), "3x3 overlapping", kernel=3, stride=1, padding=1)
    yield case("globalAvgPool2d", lambda i, o: i["x"].mean((2, 3)), image())


def norm_cases():
    def batch_norm(name, running, affine, **options):
        inputs = {"x": draw(3, 4, 3, 2)}
        if affine:
            inputs.update(weight=draw(4), bias=draw(4))
        if running:
            inputs.update(mean=draw(4), variance=draw(4, low=0.3, high=2))

        def run(i, o):
            mean, variance = (i[k].detach().clone() if k in i else None for k in ("mean", "variance"))
            y = F.batch_norm(i["x"], mean, variance, i.get("weight"), i.get("bias"), o["training"], o.get("momentum", 0.1), o.get("epsilon", 1e-5))
            o["running"] = [stored(t) for t in (mean, variance) if t is not None]
            return y

        return case("batchNorm", run, inputs, name, **options)

    yield batch_norm("training by default, running statistics updated", True, True, training=True)
    yield batch_norm("training, other momentum and epsilon", True, True, training=True, momentum=0.3, epsilon=1e-3)
    yield batch_norm("training without running statistics", False, True, training=True, momentum=0.1, epsilon=1e-5)
    yield batch_norm("training without weight and bias", False, False, training=True, momentum=0.1, epsilon=1e-5)
    yield batch_norm("by running statistics", True, True, training=False, momentum=0.1, epsilon=1e-5)
    layer = lambda i, o: F.layer_norm(i["x"], o["shape"], i.get("weight"), i.get("bias"), o.get("epsilon", 1e-5))
    yield case("layerNorm", layer, {"x": draw(3, 5)}, "by default", shape=[5])
    yield case("layerNorm", layer, {"x": draw(2, 3, 4), "weight": draw(3, 4), "bias": draw(3, 4)}, "with weight and bias", shape=[3, 4], epsilon=1e-3)


def loss_cases():
    scored = lambda: {"x": draw(6, 5), "target": integers(5, 6)}
    yield case("nllLoss", lambda i, o: F.nll_loss(i["x"], i["target"]), scored())
    entropy = lambda i, o: F.cross_entropy(i["x"], i["target"], label_smoothing=o.get("smoothing", 0))
    yield case("crossEntropy", entropy, scored(), "by default")
    yield case("crossEntropy", entropy, scored(), "smoothed", smoothing=0.1)
    yield case("crossEntropySum", lambda i, o: F.cross_entropy(i["x"], i["target"], reduction="sum"), scored())


def in_place_cases():
    pair = lambda: {"x": draw(2, 3), "other": draw(2, 3)}
    yield case("addInPlace", lambda i, o: (i["x"] + o["factor"] * i["other"]).detach(), pair(), factor=-0.5)
    yield case("lerpInPlace", lambda i, o: torch.lerp(i["x"], i["other"], o["weight"]).detach(), pair(), weight=0.3)
    yield case("mulInPlace", lambda i, o: (i["x"] * o["factor"]).detach(), pair(), factor=0.25)


def train(optimizer, steps, shapes, skip=(), decay_rate=0.9):
    """A few steps from given gradients; parameter 1 has none in the steps of `skip`."""
    parameters = [draw(*shape).requires_grad_() for shape in shapes]
    start = [stored(p) for p in parameters]
    stepper = optimizer(parameters)
    gradients, rates, after = [], [], []
    for step in range(steps):
        given = [draw(*shape) for shape in shapes]
        for index, parameter in enumerate(parameters):
            parameter.grad = None if index == 1 and step in skip else given[index].clone()
        gradients.append([stored(g) if p.grad is not None else None for g, p in zip(given, parameters)])
        rates.append(stepper.param_groups[0]["lr"])
        stepper.step()
        stepper.param_groups[0]["lr"] *= decay_rate
        after.append([stored(p) for p in parameters])
    return {"start": start, "gradients": gradients, "rates": rates, "after": after}


def optimizer_cases():
    shapes = [(3, 4), (5,), (4, 2, 3, 3)]
    optim = torch.optim

    def one(kind, name, make, options, **how):
        return {"kind": kind, "name": name, "options": options, **train(make, 6, shapes, **how)}

    yield one("adam", "Adam", lambda p: optim.Adam(p, lr=0.01), {})
    yield one("adam", "Adam with weight decay, skipping a parameter",
              lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1), {"weightDecay": 0.1}, skip=(1, 3))
    yield one("adam", "Adam with other betas and epsilon",
              lambda p: optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3), {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3})
    yield one("adam", "AdamW", lambda p: optim.AdamW(p, lr=0.01, weight_decay=0.1), {"weightDecay": 0.1, "decoupled": True}, skip=(0, 2))
    yield one("sgd", "plain SGD", lambda p: optim.SGD(p, lr=0.1), {"momentum": 0, "nesterov": False})
    yield one("sgd", "SGD with momentum", lambda p: optim.SGD(p, lr=0.1, momentum=0.9), {"nesterov": False}, skip=(2,))
    yield one("sgd", "SGD with Nesterov momentum and weight decay",
              lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01), {"weightDecay": 0.01}, skip=(0, 4))


def schedule_case(steps, warmup, base, final):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=base)
    schedulers = torch.optim.lr_scheduler
    schedule = schedulers.CosineAnnealingLR(optimizer, steps - warmup, eta_min=final)
    if warmup > 0:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=base)
        rising = schedulers.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
        falling = schedulers.CosineAnnealingLR(optimizer, steps - warmup, eta_min=final)
        schedule = schedulers.SequentialLR(optimizer, [rising, falling], milestones=[warmup])
    rates = []
    for _ in range(steps):
        rates.append(number(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return {"base": base, "steps": steps, "warmup": warmup, "final": final, "rates": rates}


def network_case():
    """A small network of every layer, three steps of SGD: forward, backward, statistics and update together."""
    tensors = {
        "conv.weight": draw(4, 3, 3, 3, low=-0.4, high=0.4), "norm.weight": draw(4, low=0.5, high=1.5), "norm.bias": draw(4),
        "linear.weight": draw(5, 4), "linear.bias": draw(5),
    }
    start = {name: stored(t) for name, t in tensors.items()}
    parameters = {name: t.clone().requires_grad_() for name, t in tensors.items()}
    mean, variance = torch.zeros(4).double(), torch.ones(4).double()
    optimizer = torch.optim.SGD(parameters.values(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)
    batches, losses = [], []

    def forward(x, training):
        p = parameters
        y = F.conv2d(x, p["conv.weight"], stride=2, padding=1)
        y = F.relu(F.batch_norm(y, mean, variance, p["norm.weight"], p["norm.bias"], training))
        return F.linear(y.mean((2, 3)), p["linear.weight"], p["linear.bias"])

    for _ in range(3):
        x, target = draw(4, 3, 6, 6), integers(5, 4)
        batches.append({"x": stored(x), "target": stored(target)})
        loss = F.cross_entropy(forward(x, True), target, label_smoothing=0.1)
        losses.append(number(loss.item()))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return {
        "start": start, "batches": batches, "losses": losses, "after": {n: stored(t) for n, t in parameters.items()},
        "runningMean": stored(mean), "runningVariance": stored(variance), "evaluated": stored(forward(x, False)),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    groups = [elementwise_cases, shape_cases, reduction_cases, linear_cases, conv_cases, pool_cases, norm_cases, loss_cases, in_place_cases]
    write("ops", [one for group in groups for one in group()])
    write("optimizers", list(optimizer_cases()))
    write("schedules", [schedule_case(10, 0, 0.1, 0), schedule_case(12, 4, 0.3, 0.01), schedule_case(1, 0, 0.1, 0)])
    write("network", network_case())
