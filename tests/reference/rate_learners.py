"""Equilibrium propagation, predictive coding, forward-forward from the papers, in numpy, one sample at a time.

Nothing here comes from the library. weights: list of [pre, post]; biases: list of [post].
"""

import numpy as np


def settle(weights, biases, x, state, steps, step, beta=0.0, target=None):
    """Steps down E + beta C, every layer at once: Scellier & Bengio 2017, with rates clipped to [0, 1]."""
    for _ in range(steps):
        layers, new = [x, *state], []
        for k in range(1, len(layers)):
            slope = layers[k] - layers[k - 1] @ weights[k - 1] - biases[k - 1]
            if k < len(layers) - 1:
                slope = slope - weights[k] @ layers[k + 1]
            elif beta:
                slope = slope + beta * (layers[k] - target)
            new.append(np.clip(layers[k] - step * slope, 0, 1))
        state = new
    return state


def equilibrium_gradient(weights, biases, x, target, beta, free_steps, nudged_steps, step, symmetric):
    """(dC/dW, dC/db) as equilibrium propagation estimates them for one sample."""
    rest = settle(weights, biases, x, [np.zeros(w.shape[1]) for w in weights], free_steps, step)
    up = settle(weights, biases, x, rest, nudged_steps, step, beta, target)
    down = settle(weights, biases, x, rest, nudged_steps, step, -beta, target) if symmetric else rest
    scale = 2 * beta if symmetric else beta
    pairs = list(zip([x, *up[:-1]], up, [x, *down[:-1]], down, strict=True))
    return ([-(np.outer(a, b) - np.outer(c, d)) / scale for a, b, c, d in pairs],
            [-(b - d) / scale for _, b, _, d in pairs])


def predictive_gradient(weights, biases, x, target, steps, step, variance):
    """(dF/dW, dF/db) of one sample after relaxation with f = tanh: Whittington & Bogacz 2017."""
    last, nodes = len(weights), [x]
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        nodes.append((nodes[-1] if k == 0 else np.tanh(nodes[-1])) @ w + b)
    nodes[-1] = target

    def errors():
        found = []
        for k in range(last):
            sent = nodes[k] if k == 0 else np.tanh(nodes[k])
            found.append((nodes[k + 1] - sent @ weights[k] - biases[k]) / (variance if k == last - 1 else 1))
        return found

    for _ in range(steps):
        e = errors()
        moved = [-e[k - 1] + (1 - np.tanh(nodes[k]) ** 2) * (weights[k] @ e[k]) for k in range(1, last)]
        for k in range(1, last):
            nodes[k] = nodes[k] + step * moved[k - 1]
    e = errors()
    return ([-np.outer(nodes[k] if k == 0 else np.tanh(nodes[k]), e[k]) for k in range(last)], [-part for part in e])


def goodness(weights, biases, x, label, classes, label_size):
    """Mean squares of rectified layers for an image and a claimed label; each layer hears a vector of unit size."""
    def unit(v):
        return v / np.sqrt((v ** 2).mean() + 1e-8)

    claimed = np.zeros(classes)
    claimed[label] = label_size
    h, found = np.concatenate([unit(x), claimed]), []
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        h = np.maximum((unit(h) if k else h) @ w + b, 0)
        found.append((h ** 2).mean())
    return found


def forward_forward_loss(weights, biases, x, true, false, classes, label_size, threshold, sharpness):
    """Sum over layers of -log p(true pair is true) - log p(false pair is false) (Hinton 2022), for one sample."""
    up = goodness(weights, biases, x, true, classes, label_size)
    down = goodness(weights, biases, x, false, classes, label_size)
    return [np.log1p(np.exp(-sharpness * (a - threshold))) + np.log1p(np.exp(sharpness * (b - threshold)))
            for a, b in zip(up, down, strict=True)]
