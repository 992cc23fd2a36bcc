"""The networks of models.mjs in PyTorch: for each, its parameters and its loss."""

import torch
import torch.nn.functional as F


def kernel(w):
    """[h, w, in, out] -> [out, in, h, w]."""
    return w.permute(3, 2, 0, 1).contiguous()


def flat(w, h, channels):
    """Rows of a dense layer behind an image: from the order (h, w, channel) to (channel, h, w)."""
    return w.reshape(h, h, channels, -1).permute(2, 0, 1, 3).reshape(h * h * channels, -1)


def leaf(tensor):
    return tensor.detach().clone().requires_grad_()


def affine(arrays, name):
    return leaf(arrays[name + ".weight"].T.contiguous()), leaf(arrays[name + ".bias"])


def images(arrays):
    return arrays["x"].permute(0, 3, 1, 2).contiguous()


def convolutions(arrays, names, size, channels):
    convs = [(leaf(kernel(arrays[n + ".weight"])), leaf(arrays[n + ".bias"])) for n in names]
    arrays = {**arrays, "dense1.weight": flat(arrays["dense1.weight"], size, channels)}
    denses = [affine(arrays, n) for n in ("dense1", "dense2", "head") if n + ".weight" in arrays]
    return convs, denses


def units(x, denses):
    h = x.flatten(1)
    for w, b in denses[:-1]:
        h = F.relu(F.linear(h, w, b))
    return F.linear(h, *denses[-1])


def lenet(arrays):
    convs, denses = convolutions(arrays, ("conv1", "conv2"), 5, 16)
    x, y = images(arrays), arrays["y"].long()

    def loss():
        h = F.max_pool2d(F.relu(F.conv2d(x, *convs[0], padding=2)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, *convs[1])), 2)
        return F.cross_entropy(units(h, denses), y)

    return [p for pair in convs + denses for p in pair], loss


def cnn(arrays):
    convs, denses = convolutions(arrays, ("conv1", "conv2", "conv3"), 7, 64)
    x, y = images(arrays), arrays["y"].long()

    def loss():
        h = F.relu(F.conv2d(x, *convs[0], padding=1))
        h = F.max_pool2d(F.relu(F.conv2d(h, *convs[1], padding=1)), 2)
        h = F.max_pool2d(F.relu(F.conv2d(h, *convs[2], padding=1)), 2)
        return F.cross_entropy(units(h, denses), y)

    return [p for pair in convs + denses for p in pair], loss


def recurrence(arrays, layer):
    """A layer of torch.nn. Of its two biases one is trained, as here, but for the last gate of a GRU, which needs both."""
    head = affine(arrays, "head")
    x, y = arrays["x"], arrays["y"]
    with torch.no_grad():
        layer.weight_ih_l0.copy_(arrays["recurrent.weight"].T)
        layer.weight_hh_l0.copy_(arrays["recurrent.recurrentWeight"].T)
        layer.bias_ih_l0.copy_(arrays["recurrent.bias"])
        layer.bias_hh_l0.zero_()
        if "recurrent.recurrentBias" in arrays:
            layer.bias_hh_l0[64:] = arrays["recurrent.recurrentBias"]
            trained = torch.zeros_like(layer.bias_hh_l0)
            trained[64:] = 1
            layer.bias_hh_l0.register_hook(lambda gradient: gradient * trained)
        else:
            layer.bias_hh_l0.requires_grad_(False)

    def loss():
        return F.mse_loss(F.linear(layer(x)[0][:, -1], *head), y)

    return [p for p in layer.parameters() if p.requires_grad] + list(head), loss


def lstm(arrays):
    return recurrence(arrays, torch.nn.LSTM(2, 32, batch_first=True))


def gru(arrays):
    return recurrence(arrays, torch.nn.GRU(2, 32, batch_first=True))


def transformer(arrays, heads=4):
    x, y = arrays["x"].long(), arrays["y"].long().reshape(-1)
    rows, steps = x.shape
    width = arrays["embedding.weight"].shape[1]
    table, positions = leaf(arrays["embedding.weight"]), leaf(arrays["positions.weight"])
    norms = {n[:-6]: (leaf(arrays[n]), leaf(arrays[n[:-6] + ".beta"])) for n in arrays if n.endswith(".gamma")}
    skip = ("embedding", "positions")
    linear = {n[:-7]: affine(arrays, n[:-7]) for n in arrays if n.endswith(".weight") and n[:-7] not in skip}
    mask = torch.full((steps, steps), float("-inf")).triu(1)
    blocks = sorted({n.split(".")[0] for n in linear if n.startswith("block")})

    def split(h, name):
        return F.linear(h, *linear[name]).reshape(rows, steps, heads, -1).transpose(1, 2)

    def loss():
        h = F.embedding(x, table) + positions
        for b in blocks:
            n = F.layer_norm(h, (width,), *norms[b + ".norm1"])
            q, k, v = (split(n, f"{b}.{name}") for name in ("query", "key", "value"))
            scores = q @ k.transpose(2, 3) * (width // heads) ** -0.5 + mask
            mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, steps, width)
            h = h + F.linear(mixed, *linear[b + ".output"])
            n = F.layer_norm(h, (width,), *norms[b + ".norm2"])
            h = h + F.linear(F.gelu(F.linear(n, *linear[b + ".up"])), *linear[b + ".down"])
        h = F.layer_norm(h, (width,), *norms["norm"])
        return F.cross_entropy(F.linear(h, *linear["head"]).reshape(rows * steps, -1), y)

    return [table, positions, *(p for pair in (*norms.values(), *linear.values()) for p in pair)], loss


def microbit(arrays):
    x, y = arrays["x"], arrays["y"].long()
    gamma, beta = leaf(arrays["norm.gamma"]), leaf(arrays["norm.beta"])
    hidden, head = affine(arrays, "dense1"), affine(arrays, "head")
    mean, variance = torch.zeros(24), torch.ones(24)

    def loss():
        h = F.batch_norm(x, mean, variance, gamma, beta, training=True, momentum=0.1)
        return F.cross_entropy(F.linear(F.relu(F.linear(h, *hidden)), *head), y)

    return [gamma, beta, *hidden, *head], loss


MODELS = {f.__name__: f for f in (lenet, cnn, lstm, gru, transformer, microbit)}
