"""A step of normal training of a resulting network, written plainly in PyTorch: the peer of `smash bench network-step`.

The settings hold the architecture: a BatchNorm before every convolution but the stem, banks as a list of tensors.
"""

import torch
import torch.nn.functional as F

from hypernet_step import autocast, noise, serve


class Layer(torch.nn.Module):
    def __init__(self, layer, width):
        super().__init__()
        self.reads, self.writes, self.width = layer["reads"], layer["writes"], width
        inputs, bottleneck, units = len(self.reads) * width, layer["bottleneck"], layer["units"]
        conv = layer["convolutions"][0]
        padding = [d * (k - 1) // 2 for d, k in zip(conv["dilation"], conv["kernel"])]
        self.first_norm = torch.nn.BatchNorm2d(inputs)
        self.first = torch.nn.Conv2d(inputs, bottleneck, 1, bias=False)
        self.second_norm = torch.nn.BatchNorm2d(bottleneck)
        self.second = torch.nn.Conv2d(bottleneck, units, conv["kernel"], padding=padding, dilation=conv["dilation"],
                                      groups=conv["groups"], bias=False)

    def forward(self, banks):
        x = torch.cat([banks[bank] for bank in self.reads], 1)
        x = self.first(F.relu(self.first_norm(x)))
        x = self.second(F.relu(self.second_norm(x)))
        slices = torch.split(x, self.width, 1)
        for j, bank in enumerate(self.writes):
            value = slices[j % len(slices)]
            banks[bank] = banks[bank] + value if bank in banks else value


class Network(torch.nn.Module):
    def __init__(self, architecture):
        super().__init__()
        blocks = architecture["blocks"]
        kernel = architecture["stem"]["kernel"]
        first = blocks[0]["inputChannels"]
        self.stem = torch.nn.Conv2d(3, first, kernel, padding=kernel // 2, bias=False)
        self.widths = [block["bankChannels"] for block in blocks]
        self.blocks = torch.nn.ModuleList(
            torch.nn.ModuleList(Layer(layer, block["bankChannels"]) for layer in block["layers"]) for block in blocks)
        counts = [max([block["inputChannels"] // block["bankChannels"] - 1] + [bank for layer in block["layers"] for bank in layer["writes"]]) + 1
                  for block in blocks]
        channels = [count * width for count, width in zip(counts, self.widths)]
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm2d(count) for count in channels)
        self.transitions = torch.nn.ModuleList(
            torch.nn.Conv2d(count, block["inputChannels"], 1, bias=False) for count, block in zip(channels, blocks[1:]))
        self.head = torch.nn.Linear(channels[-1], architecture["classes"])

    def forward(self, x):
        x = self.stem(x)
        for index, layers in enumerate(self.blocks):
            banks = dict(enumerate(torch.split(x, self.widths[index], 1)))
            for layer in layers:
                layer(banks)
            x = F.relu(self.norms[index](torch.cat([banks[bank] for bank in sorted(banks)], 1)))
            if index + 1 < len(self.blocks):
                x = F.avg_pool2d(self.transitions[index](x), 2)
        return self.head(x.mean((2, 3)))


def build(settings):
    networks = {}
    images, labels = noise(settings, settings["batchSize"])

    def step(request):
        key = request["network"]
        if key not in networks:
            network = Network(request["architecture"])
            networks[key] = network, torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, nesterov=True,
                                                     weight_decay=1e-4)
        network, optimizer = networks[key]
        optimizer.zero_grad()
        with autocast(settings):
            loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


serve(build)
