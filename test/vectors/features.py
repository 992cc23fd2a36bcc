"""Records what accompanies an optimizer, from PyTorch in double precision: features.json.

What: the network, batch and initial parameters of optimizers.py, trained for 10 steps with gradients clipped, weights averaged,
penalties of weights and activations in the loss, and columns of weights bounded. Per run: the loss before each update, with
its penalties, and all parameters after each update; the averages too, where they are kept.

How: clipping by torch.nn.utils.clip_grad_norm_ (of all parameters, or of each) and clip_grad_value_; averages by
torch.optim.swa_utils.AveragedModel with a moving average whose start is corrected, `a + (1 - d) / (1 - d^t) (w - a)`; bounds
by torch.renorm, which divides by `norm + 1e-7` (so the 1e-7 is in the reference, far below the tolerance). Penalties are written out and
differentiated by autograd. Groups are those of torch.optim: clipping is of all groups together. Every run is repeated in
torch.float32 and must stay within a third of the tolerance that the engine is held to, `1e-5 max(1, |ref|)`; and each must differ
from the run without its feature by a hundred times the tolerance, so that an engine that does nothing fails.

Run: /usr/bin/python3 test/vectors/features.py
"""

from recording import close, versions, write  # first: it pins the threads before torch loads

import torch
from torch.optim.swa_utils import AveragedModel

from optimizers import STEPS, X, Y, Network, adamw, largest_difference, sgd, torch_optimizer

GROUPS = [{"match": "^dense2", "learningRate": 0.05, "weightDecay": 0.5}]

# The norm of all gradients is 0.7 at first, that of the largest 0.55.
RUNS = {
    "globalNorm": (sgd(0.9), {"clip": {"globalNorm": 0.3}}),
    "globalNorm, not reached": (sgd(0.9), {"clip": {"globalNorm": 100}}),
    "globalNorm of groups": (adamw(0.1, GROUPS), {"clip": {"globalNorm": 0.02}}),
    "norm": (sgd(), {"clip": {"norm": 0.1}}),
    "norm of groups": (adamw(0.1, GROUPS), {"clip": {"norm": 0.01}}),
    "value": (sgd(0.5, True), {"clip": {"value": 0.05}}),
    "averageWeights": (sgd(0.9), {"averageWeights": {"decay": 0.9}}),
    "averageWeights, clipped": (sgd(), {"averageWeights": {"decay": 0.5}, "clip": {"globalNorm": 0.2}}),
    "l2": (sgd(), {"penalties": [{"kind": "l2", "strength": 0.01}]}),
    "l1": (sgd(), {"penalties": [{"kind": "l1", "strength": 0.02}]}),
    "l1 and l2 of some": (sgd(0.9), {"penalties": [{"kind": "l1", "strength": 0.02, "parameters": ["dense1", "dense3.bias"]},
                                                  {"kind": "l2", "strength": 0.1, "parameters": ["dense2"]}]}),
    "l2, clipped": (sgd(), {"penalties": [{"kind": "l2", "strength": 0.5}], "clip": {"globalNorm": 0.5}}),
    "maxNorm": (sgd(0.9), {"constraints": [{"most": 0.8}]}),
    "maxNorm of some": (sgd(), {"constraints": [{"most": 0.5, "parameters": ["dense2", "dense1.bias"]}]}),
    "activityPenalty l1": (sgd(), {"activityPenalty": {"l1": 0.1}}),
    "activityPenalty l1 and l2": (sgd(0.9), {"activityPenalty": {"l1": 0.05, "l2": 0.2}}),
}


def chosen(network, names):
    """What an option takes: all weights, those of layers, or parameters by their whole names."""
    for name, parameter in network.named_parameters():
        if names is None or name.split(".")[0] in names:
            if name.endswith(".weight"):
                yield parameter
        elif name in names:
            yield parameter


def penalty(network, hidden, features):
    """The terms beside the mean squared error; `hidden` is what the first layer gives, [rows, units]."""
    terms = 0
    for one in features.get("penalties", []):
        for w in chosen(network, one.get("parameters")):
            terms = terms + one["strength"] * (w.abs().sum() if one["kind"] == "l1" else (w ** 2).sum())
    activity = features.get("activityPenalty", {})
    rows = hidden.shape[0]
    terms = terms + activity.get("l1", 0) * hidden.abs().sum() / rows
    return terms + activity.get("l2", 0) * (hidden ** 2).sum() / rows


def clip(network, clip):
    parameters = list(network.parameters())
    if "globalNorm" in clip:
        torch.nn.utils.clip_grad_norm_(parameters, clip["globalNorm"])
    if "norm" in clip:
        for parameter in parameters:
            torch.nn.utils.clip_grad_norm_([parameter], clip["norm"])
    if "value" in clip:
        torch.nn.utils.clip_grad_value_(parameters, clip["value"])


@torch.no_grad()
def bound(network, constraint):
    """Columns of [in, out] are rows of torch's [out, in]; a bias is one column."""
    for w in chosen(network, constraint.get("parameters")):
        rows = w if w.dim() > 1 else w[None]
        w.copy_(torch.renorm(rows, 2, 0, constraint["most"]).reshape(w.shape))


def train(run, dtype=torch.float64, leave_out=False):
    (optimizer, options), features = run
    features = {} if leave_out else features
    network = Network(dtype)
    stepper = torch_optimizer(network, optimizer, options)
    decay = features.get("averageWeights", {}).get("decay")
    averaged = decay and AveragedModel(
        network, avg_fn=lambda a, w, n: a + (1 - decay) / (1 - decay ** (n.item() + 1)) * (w - a))
    x, y = torch.tensor(X, dtype=dtype), torch.tensor(Y, dtype=dtype)
    losses, parameters, averages = [], [], []
    for _ in range(STEPS):
        stepper.zero_grad()
        hidden = network.dense1(x)
        output = network.dense3(torch.sigmoid(network.dense2(torch.tanh(hidden))))
        loss = torch.nn.functional.mse_loss(output, y) + penalty(network, hidden, features)
        loss.backward()
        clip(network, features.get("clip", {}))
        stepper.step()
        for constraint in features.get("constraints", []):
            bound(network, constraint)
        losses.append(loss.item())
        parameters.append(network.flat())
        if averaged:
            averaged.update_parameters(network)
            averages.append(averaged.module.flat())
    return {"losses": losses, "parameters": parameters, **({"averages": averages} if averaged else {})}


def of_averages(run):
    return {"losses": [], "parameters": run.get("averages", [])}


def record(name):
    run = train(RUNS[name])
    single = train(RUNS[name], torch.float32)
    deviation = max(largest_difference(single, run), largest_difference(of_averages(single), of_averages(run)) if "averages" in run else 0)
    close(deviation, 0, 0, 1e-5 / 3, f"{name}, f32 and f64")
    effect = largest_difference(train(RUNS[name], leave_out=True), run)
    if "averages" in run:
        effect = max(effect, largest_difference(of_averages(run), {"losses": [], "parameters": run["parameters"]}))
    if not (effect == 0 if "not reached" in name else effect > 1e-3):
        raise AssertionError(f"{name}: must change the training; got {effect:.1e}")
    print(f"{name}: loss {run['losses'][0]:.6f} -> {run['losses'][-1]:.6f}, f32 deviates by {deviation:.1e}, effect {effect:.1e}")
    (optimizer, options), features = RUNS[name]
    return {"name": name, "optimizer": optimizer, "options": options, **features, **run}


if __name__ == "__main__":
    write("features.json", {"versions": versions(torch=torch.__version__), "runs": [record(name) for name in RUNS]})
