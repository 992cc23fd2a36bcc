"""Records optimizer trajectories of PyTorch in double precision: optimizers.json.

What: a 3-5-4-2 network (dense, tanh, dense, sigmoid, dense) under mean squared error over all 14 output
elements, trained for 10 steps on one fixed batch of 7 rows. Per run: the loss before each update, all
parameters after each update. Initial parameters, x and y are f32-representable, so an f32 engine starts from the
same numbers. Everything is computed in torch.float64.

How: all runs but those of Lion come from torch.optim where it has them. PyTorch has neither an epsilon inside the root nor
Adam without bias correction; those runs come from `HandAdam` below, which is first checked against
torch.optim.Adam and torch.optim.AdamW in the forms that both have. Every run is repeated in torch.float32 and must
stay within a third of the tolerance that the engine is held to, `1e-5 max(1, |ref|)`: the vectors ask
nothing that f32 arithmetic cannot give.

Recorded with Python 3.11.2 and PyTorch 1.13.1 (Debian 12: apt-get install python3-torch python3-numpy).
Run: /usr/bin/python3 test/vectors/optimizers.py
"""

import re

from recording import Uniform, close, versions, write  # first: it pins the threads before torch loads

import torch

SEED = 1
STEPS = 10
INPUTS = 3
LAYERS = [("dense1", 5, "tanh"), ("dense2", 4, "sigmoid"), ("dense3", 2, "linear")]
ROWS = 7


def draw():
    """Initial parameters in layout [in, out], and the batch."""
    uniform = Uniform(SEED)
    parameters = {}
    fan_in = INPUTS
    for name, units, _ in LAYERS:
        parameters[f"{name}.weight"] = uniform.matrix(fan_in, units, -1, 1)
        parameters[f"{name}.bias"] = uniform.row(units, -0.5, 0.5)
        fan_in = units
    return parameters, uniform.matrix(ROWS, INPUTS, -2, 2), uniform.matrix(ROWS, LAYERS[-1][1], -1.5, 1.5)


INITIAL, X, Y = draw()


def in_out(tensor):
    """A weight [out, in] transposed to [in, out]; a bias as it is."""
    return tensor.t()  # t() leaves tensors of one dimension alone


class Network(torch.nn.Module):
    """The network as a PyTorch user writes it: torch.nn.Linear holds weights as [out, in]."""

    def __init__(self, dtype):
        super().__init__()
        fan_in = INPUTS
        for name, units, _ in LAYERS:
            linear = torch.nn.Linear(fan_in, units, dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(INITIAL[f"{name}.weight"], dtype=dtype).T)
                linear.bias.copy_(torch.tensor(INITIAL[f"{name}.bias"], dtype=dtype))
            self.add_module(name, linear)
            fan_in = units

    def forward(self, x):
        return self.dense3(torch.sigmoid(self.dense2(torch.tanh(self.dense1(x)))))

    def flat(self, pick=lambda parameter: parameter.detach()):
        """Row-major values by name, weights transposed to [in, out]."""
        return {name: in_out(pick(parameter)).reshape(-1).tolist() for name, parameter in self.named_parameters()}


class HandAdam:
    """Adam and AdamW with the two choices PyTorch does not offer.

        w -= learningRate weightDecay w
        m = beta1 m + (1 - beta1) g          mHat = m / (1 - beta1^t), or m without bias correction
        v = beta2 v + (1 - beta2) g^2        vHat = v / (1 - beta2^t), or v without bias correction
        w -= learningRate mHat / (sqrt(vHat) + epsilon)      epsilon outside the root
        w -= learningRate mHat / sqrt(vHat + epsilon)        epsilon inside the root
    """

    def __init__(self, parameters, options):
        self.parameters = list(parameters)
        self.options = options
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.t = 0

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        o = self.options
        self.t += 1
        first_scale = 1 - o["beta1"] ** self.t if o["biasCorrection"] else 1
        second_scale = 1 - o["beta2"] ** self.t if o["biasCorrection"] else 1
        for w, m, v in zip(self.parameters, self.first, self.second):
            g = w.grad
            w.sub_(o["learningRate"] * o.get("weightDecay", 0) * w)
            m.copy_(o["beta1"] * m + (1 - o["beta1"]) * g)
            v.copy_(o["beta2"] * v + (1 - o["beta2"]) * g * g)
            m_hat, v_hat = m / first_scale, v / second_scale
            if o["epsilonInsideRoot"]:
                w.sub_(o["learningRate"] * m_hat / torch.sqrt(v_hat + o["epsilon"]))
            else:
                w.sub_(o["learningRate"] * m_hat / (torch.sqrt(v_hat) + o["epsilon"]))


class HandLion:
    """Lion (Chen et al. 2023, https://arxiv.org/abs/2302.06675, algorithm 2), which PyTorch has not."""

    def __init__(self, parameters, options):
        self.parameters = list(parameters)
        self.options = options
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        o = self.options
        for w, m in zip(self.parameters, self.first):
            direction = torch.sign(o["beta1"] * m + (1 - o["beta1"]) * w.grad)
            w.sub_(o["learningRate"] * (direction + o["weightDecay"] * w))
            m.copy_(o["beta2"] * m + (1 - o["beta2"]) * w.grad)


class HandNadam:
    """Nadam as PyTorch has it from 2.0 on.

    1.13 multiplies the product of the next step by mu_t twice (`mu_product * mu * mu_next` after `mu_product *= mu`). With
    `twice` this class does so too, which is first checked against torch.optim.NAdam, up to its product, which is a tensor of f32; runs are
    recorded without.
    """

    def __init__(self, parameters, options, twice=False):
        self.parameters = list(parameters)
        self.options = options
        self.twice = twice
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.t, self.product = 0, 1

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self):
        o = self.options
        self.t += 1
        mu, mu_next = [o["beta1"] * (1 - 0.5 * 0.96 ** (t * o["momentumDecay"])) for t in (self.t, self.t + 1)]
        self.product *= mu
        after = self.product * mu_next * (mu if self.twice else 1)
        for w, m, v in zip(self.parameters, self.first, self.second):
            g = w.grad
            m.copy_(o["beta1"] * m + (1 - o["beta1"]) * g)
            v.copy_(o["beta2"] * v + (1 - o["beta2"]) * g * g)
            root = torch.sqrt(v / (1 - o["beta2"] ** self.t)) + o["epsilon"]
            w.sub_(o["learningRate"] * (1 - mu) / (1 - self.product) * g / root)
            w.sub_(o["learningRate"] * mu_next / (1 - after) * m / root)


def groups_of(network, options):
    """Parameters with the options that are theirs: those of the first group whose pattern is found in the name."""
    groups = [*options.get("groups", []), {"match": ""}]
    members = [[] for _ in groups]
    for name, parameter in network.named_parameters():
        first = next(i for i, group in enumerate(groups) if re.search(group["match"], name))
        members[first].append(parameter)
    return [(parameters, {**options, **group}) for parameters, group in zip(members, groups)]


class HandGroups:
    """A `HandAdam` for each group."""

    def __init__(self, groups):
        self.steppers = [HandAdam(parameters, options) for parameters, options in groups]

    def zero_grad(self):
        for stepper in self.steppers:
            stepper.zero_grad()

    def step(self):
        for stepper in self.steppers:
            stepper.step()


def torch_optimizer(network, optimizer, options):
    parameters = network.parameters()
    if optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=options["learningRate"], momentum=options["momentum"],
                               nesterov=options["nesterov"])
    if optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=options["learningRate"], alpha=options["rho"], eps=options["epsilon"],
                                   momentum=options["momentum"], centered=options["centered"])
    if optimizer == "adagrad":
        return torch.optim.Adagrad(parameters, lr=options["learningRate"], eps=options["epsilon"],
                                   initial_accumulator_value=options["initialAccumulator"])
    if optimizer == "adadelta":
        return torch.optim.Adadelta(parameters, lr=options["learningRate"], rho=options["rho"], eps=options["epsilon"])
    if optimizer == "nadam":
        return torch.optim.NAdam(parameters, lr=options["learningRate"], betas=(options["beta1"], options["beta2"]),
                                 eps=options["epsilon"], momentum_decay=options["momentumDecay"])
    if optimizer == "rprop":
        return torch.optim.Rprop(parameters, lr=options["learningRate"], etas=(options["etaMinus"], options["etaPlus"]),
                                 step_sizes=(options["minStep"], options["maxStep"]))
    common = {"lr": options["learningRate"], "betas": (options["beta1"], options["beta2"]), "eps": options["epsilon"]}
    if optimizer == "adam":
        return torch.optim.Adam(parameters, amsgrad=options.get("amsgrad", False), **common)
    param_groups = [{"params": members, "lr": own["learningRate"], "weight_decay": own["weightDecay"]}
                    for members, own in groups_of(network, options)]
    return torch.optim.AdamW(param_groups, amsgrad=options.get("amsgrad", False), **common)


def train(optimizer, options, by_hand, dtype=torch.float64):
    network = Network(dtype)
    if optimizer == "lion":
        stepper = HandLion(network.parameters(), options)
    elif optimizer == "nadam" and by_hand:
        stepper = HandNadam(network.parameters(), options, by_hand == "twice")
    elif by_hand:
        stepper = HandGroups(groups_of(network, options))
    else:
        stepper = torch_optimizer(network, optimizer, options)
    x, y = torch.tensor(X, dtype=dtype), torch.tensor(Y, dtype=dtype)
    losses, parameters = [], []
    for _ in range(STEPS):
        stepper.zero_grad()
        loss = torch.nn.functional.mse_loss(network(x), y)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
        parameters.append(network.flat())
    return {"losses": losses, "parameters": parameters}


def largest_difference(one, other):
    """max |a - b| / max(1, |b|) over all losses and parameters of all steps."""
    def numbers(run):
        yield from run["losses"]
        for parameters in run["parameters"]:
            for values in parameters.values():
                yield from values
    return max(abs(a - b) / max(1, abs(b)) for a, b in zip(numbers(one), numbers(other)))


def sgd(momentum=0, nesterov=False):
    return "sgd", {"learningRate": 0.1, "momentum": momentum, "nesterov": nesterov}


def adam(epsilon=1e-8, inside=False, correction=True):
    return "adam", {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": epsilon,
                    "epsilonInsideRoot": inside, "biasCorrection": correction}


def adamw(decay, groups=None):
    return "adamw", {**adam()[1], "weightDecay": decay, **({"groups": groups} if groups else {})}


def rmsprop(rho=0.99, epsilon=1e-8, momentum=0, centered=False):
    return "rmsprop", {"learningRate": 0.01, "rho": rho, "epsilon": epsilon, "momentum": momentum, "centered": centered}


def nadam(decay):
    return "nadam", {"learningRate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "momentumDecay": decay}


def amsgrad(kind, more):
    # Of a moment that fades fast: its largest value is another one.
    return kind, {"learningRate": 0.05, "beta1": 0.9, "beta2": 0.5, "epsilon": 1e-8, "epsilonInsideRoot": False,
                  "biasCorrection": True, "amsgrad": True, **more}


RUNS = {
    "sgd": sgd(),
    "sgd momentum": sgd(0.9),
    "sgd nesterov": sgd(0.9, True),
    "adam": adam(),
    "adam epsilon 1e-3": adam(1e-3),
    "adam epsilon inside root": adam(inside=True),
    "adam epsilon 1e-3 inside root": adam(1e-3, inside=True),
    "adam without bias correction": adam(correction=False),
    "adamw 0.01": adamw(0.01),
    "adamw 0.1": adamw(0.1),
    "adamw with groups": adamw(0.1, [
        {"match": "^dense2", "learningRate": 0.05, "weightDecay": 0.5},
        {"match": "bias$", "learningRate": 0.002, "weightDecay": 0},
    ]),
    "rmsprop": rmsprop(),
    "rmsprop centered": rmsprop(centered=True),
    "rmsprop momentum": rmsprop(momentum=0.9, rho=0.9),
    "rmsprop centered momentum": rmsprop(momentum=0.5, centered=True, rho=0.9, epsilon=1e-3),
    "adagrad": ("adagrad", {"learningRate": 0.05, "epsilon": 1e-10, "initialAccumulator": 0}),
    "adagrad from 0.1": ("adagrad", {"learningRate": 0.05, "epsilon": 1e-3, "initialAccumulator": 0.1}),
    "adadelta": ("adadelta", {"learningRate": 1, "rho": 0.9, "epsilon": 1e-6}),
    "adadelta epsilon 1e-3": ("adadelta", {"learningRate": 0.5, "rho": 0.8, "epsilon": 1e-3}),
    "nadam": nadam(0.004),
    "nadam momentumDecay 0.5": nadam(0.5),
    "adam amsgrad": amsgrad("adam", {}),
    "adamw amsgrad": amsgrad("adamw", {"weightDecay": 0.1}),
    "lion": ("lion", {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.99, "weightDecay": 0}),
    "lion weightDecay 0.5": ("lion", {"learningRate": 0.01, "beta1": 0.5, "beta2": 0.9, "weightDecay": 0.5}),
    "rprop": ("rprop", {"learningRate": 0.01, "etaMinus": 0.5, "etaPlus": 1.2, "minStep": 1e-6, "maxStep": 50}),
    "rprop between 0.005 and 0.1": ("rprop", {"learningRate": 0.05, "etaMinus": 0.4, "etaPlus": 1.5, "minStep": 0.005,
                                               "maxStep": 0.1}),
}


def record(name):
    optimizer, options = RUNS[name]
    only_by_hand = optimizer == "adam" and (options["epsilonInsideRoot"] or not options["biasCorrection"])
    if optimizer == "nadam":
        only_by_hand = True
        close(largest_difference(train(optimizer, options, "twice"), train(optimizer, options, False)), 0, 0, 1e-8,
              f"{name}, PyTorch and by hand")
    run = train(optimizer, options, only_by_hand)
    if optimizer in ("adam", "adamw") and not only_by_hand and not options.get("amsgrad"):
        close(largest_difference(train(optimizer, options, True), run), 0, 0, 1e-14, f"{name}, PyTorch and by hand")
    single = largest_difference(train(optimizer, options, only_by_hand, torch.float32), run)
    close(single, 0, 0, 1e-5 / 3, f"{name}, f32 and f64")
    print(f"{name}: loss {run['losses'][0]:.6f} -> {run['losses'][-1]:.6f}, f32 deviates by {single:.1e}")
    return {"name": name, "source": "formula" if only_by_hand or optimizer == "lion" else "torch.optim", "optimizer": optimizer,
            "options": options, **run}


def check_visible(runs):
    """A trajectory that an engine could follow with the wrong option tests nothing: runs must differ visibly."""
    by_name = {run["name"]: run for run in runs}
    invisible = {frozenset(["adam", "adam epsilon inside root"])}  # 1e-8 against v_hat; recorded for the default value
    for a in by_name:
        for b in by_name:
            if a < b and frozenset([a, b]) not in invisible:
                if largest_difference(by_name[a], by_name[b]) < 1e-4:
                    raise AssertionError(f"{a}, {b}: trajectories must differ by 1e-4")


def main():
    start = Network(torch.float64)
    x, y = torch.tensor(X, dtype=torch.float64), torch.tensor(Y, dtype=torch.float64)
    loss = torch.nn.functional.mse_loss(start(x), y)
    loss.backward()
    runs = [record(name) for name in RUNS]
    check_visible(runs)
    write("optimizers.json", {
        "versions": versions(torch=torch.__version__),
        "inputs": INPUTS,
        "layers": [{"name": name, "units": units, "activation": activation} for name, units, activation in LAYERS],
        "shapes": {name: list(in_out(parameter).shape) for name, parameter in start.named_parameters()},
        "x": X,
        "y": Y,
        "initial": start.flat(),
        "loss": loss.item(),
        "gradients": start.flat(lambda parameter: parameter.grad),
        "runs": runs,
    })


if __name__ == "__main__":
    main()
