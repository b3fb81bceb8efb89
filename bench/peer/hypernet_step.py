"""The HyperNet training step written plainly in PyTorch: NCHW, default allocator, banks as a list of tensors.

The peer of `smash bench hypernet-step`. Reads one JSON document a line on standard input: first the settings, then one
architecture with its encoding for every step; answers each with the step's milliseconds.
"""

import contextlib
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F


class HyperNet(torch.nn.Module):
    def __init__(self, channels, dense_blocks, growth, outputs):
        super().__init__()
        self.layers = torch.nn.ModuleList()
        channels += 1
        for block, count in enumerate(dense_blocks):
            convs = torch.nn.ModuleList()
            if block > 0:
                convs.append(torch.nn.Conv2d(channels, channels // 2, 1, bias=False))
                channels //= 2
            for _ in range(count):
                convs.append(torch.nn.Conv2d(channels, growth, 3, padding=1, bias=False))
                channels += growth
            self.layers.append(convs)
        self.output = torch.nn.Conv2d(channels, outputs, 1, bias=False)
        for parameter in self.parameters():
            torch.nn.init.orthogonal_(parameter)

    @staticmethod
    def convolve(conv, x):
        return F.conv2d(F.leaky_relu(x, 0.02), conv.weight / conv.weight.norm(), padding=conv.padding)

    def forward(self, c):
        x = torch.cat([c, torch.randn(1, 1, *c.shape[2:])], 1)
        for block, convs in enumerate(self.layers):
            for index, conv in enumerate(convs):
                if block > 0 and index == 0:
                    x = self.convolve(conv, x)
                else:
                    x = torch.cat([x, self.convolve(conv, x)], 1)
        return self.convolve(self.output, x)


class FreeWeights(torch.nn.Module):
    def __init__(self, space, limits):
        super().__init__()
        kernel, stem = space["kernel"], space["stemKernel"]
        inputs, units = space["bottleneck"] * space["maxUnits"], space["maxUnits"]
        self.stem = torch.nn.Conv2d(3, limits[0]["inputChannels"], stem, padding=stem // 2, bias=False)
        self.convolutions = torch.nn.ParameterList(
            torch.nn.Parameter(torch.nn.init.orthogonal_(torch.empty(units, inputs, kernel, kernel))) for _ in limits)
        self.transitions = torch.nn.ParameterList(
            torch.nn.Parameter(torch.nn.init.orthogonal_(torch.empty(b["inputChannels"], a["maxChannels"], 1, 1)))
            for a, b in zip(limits, limits[1:]))
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm2d(limit["maxChannels"]) for limit in limits)
        self.head = torch.nn.Linear(limits[-1]["maxChannels"], space["classes"])

    def normalize(self, index, x, training, momentum):
        norm, count = self.norms[index], x.shape[1]
        return F.batch_norm(x, norm.running_mean[:count], norm.running_var[:count], norm.weight[:count],
                            norm.bias[:count], training, momentum)


def run_network(free, architecture, matrix, x, training=True, momentum=0.1):
    x = free.stem(x)
    row = 0
    for index, block in enumerate(architecture["blocks"]):
        width = block["bankChannels"]
        banks = dict(enumerate(torch.split(x, width, 1)))
        for layer in block["layers"]:
            inputs = len(layer["reads"]) * width
            weight = matrix[row:row + inputs, :layer["bottleneck"]].t()[:, :, None, None]
            row += inputs
            weight = weight / weight.norm() * (2 * layer["bottleneck"]) ** 0.5
            h = F.conv2d(F.relu(torch.cat([banks[bank] for bank in layer["reads"]], 1)), weight)
            conv = layer["convolutions"][0]
            shared = free.convolutions[index][:layer["units"], :layer["bottleneck"]]
            dilation = conv["dilation"]
            padding = [d * (k - 1) // 2 for d, k in zip(dilation, conv["kernel"])]
            slices = torch.split(F.conv2d(F.relu(h), shared, padding=padding, dilation=dilation), width, 1)
            for j, bank in enumerate(layer["writes"]):
                value = slices[j % len(slices)]
                banks[bank] = banks[bank] + value if bank in banks else value
        x = F.relu(free.normalize(index, torch.cat([banks[bank] for bank in sorted(banks)], 1), training, momentum))
        if index + 1 < len(architecture["blocks"]):
            x = F.avg_pool2d(F.conv2d(x, free.transitions[index][:, :x.shape[1]]), 2)
    x = x.mean((2, 3))
    return F.linear(x, free.head.weight[:, :x.shape[1]], free.head.bias)


class Smash:
    """The HyperNet and the free weights that the settings describe."""

    def __init__(self, settings):
        space = settings["space"]
        self.columns = space["baseChannels"] * space["depthCompression"]
        self.rows = space["baseChannels"] * space["bottleneck"]
        dense_blocks, growth = settings["hypernet"]["denseBlocks"], settings["hypernet"]["growth"]
        self.net = HyperNet(settings["channels"], dense_blocks, growth, self.columns * self.rows)
        self.free = FreeWeights(space, settings["limits"])

    def generate(self, shape, active):
        """One matrix of all bricks: slices of it are the layers' 1x1 weights."""
        c = torch.full(shape, -1.0)
        c.view(-1)[torch.tensor(active)] = 1.0
        output = self.net(c)
        k, length = output.shape[2:]
        bricks = output.view(self.rows, self.columns, k, length).permute(3, 1, 2, 0)
        return bricks.reshape(length * self.columns, k * self.rows)


def serve(build):
    """Settings from the first line of standard input; every further line is a request, answered with its milliseconds
    and the most memory the process has held, bytes."""
    settings = json.loads(sys.stdin.readline())
    torch.manual_seed(0)
    torch.set_num_threads(settings["threads"])
    if settings["device"] != "cpu":
        torch.set_default_device(settings["device"])
        # fp32 means fp32 on both sides.
        torch.backends.cudnn.allow_tf32 = False
    step = build(settings)
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter()
        step(request)
        ms = 1000 * (time.perf_counter() - start)
        peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"ms": ms, "peakBytes": peak}), flush=True)


def autocast(settings):
    """Around a forward pass: bfloat16 where a GPU is asked for it. The CPU's peer always computes in float32."""
    if settings["device"] == "cpu" or settings["precision"] != "bf16":
        return contextlib.nullcontext()
    return torch.autocast("cuda", torch.bfloat16)


def noise(settings, count):
    space = settings["space"]
    size = space["input"]["size"]
    return torch.randn(count, 3, size, size), torch.randint(0, space["classes"], (count,))


def build(settings):
    smash = Smash(settings)
    groups = [{"params": smash.net.parameters()}, {"params": smash.free.parameters(), "weight_decay": 1e-4}]
    optimizer = torch.optim.Adam(groups, lr=1e-3, betas=(0.5, 0.999), eps=1e-4)
    images, labels = noise(settings, settings["batchSize"])

    def step(request):
        optimizer.zero_grad()
        with autocast(settings):
            matrix = smash.generate(request["shape"], request["active"])
            loss = F.cross_entropy(run_network(smash.free, request["architecture"], matrix, images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


if __name__ == "__main__":
    serve(build)
