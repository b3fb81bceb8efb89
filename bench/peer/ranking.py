"""Scoring one candidate with generated weights, written plainly in PyTorch: the peer of `smash bench ranking`.

BatchNorm statistics from the calibration images, then error and loss over the held-out ones, in batches.
"""

import torch
import torch.nn.functional as F

from hypernet_step import Smash, autocast, noise, run_network, serve


def build(settings):
    smash = Smash(settings)
    calibration = [noise(settings, count)[0] for count in settings["calibration"]]
    validation = [noise(settings, count) for count in settings["validation"]]

    @torch.no_grad()
    def score(request):
        with autocast(settings):
            return score_cast(request)

    def score_cast(request):
        architecture = request["architecture"]
        matrix = smash.generate(request["shape"], request["active"])
        for index, images in enumerate(calibration):
            run_network(smash.free, architecture, matrix, images, True, 1 / (index + 1))
        correct, loss = 0, 0
        for images, labels in validation:
            logits = run_network(smash.free, architecture, matrix, images, False)
            correct += (logits.argmax(1) == labels).sum().item()
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
        return correct, loss

    return score


serve(build)
