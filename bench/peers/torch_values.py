"""Computes activations with PyTorch, and their derivatives with its autograd.

    python3 torch_values.py FOLDER

FOLDER/tasks has a line per column, "activation kind"; the inputs of line n are the float32 numbers in FOLDER/n.in,
the results go to FOLDER/n.out. Writes its version to standard output.
"""

import math
import os
import sys

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
single = lambda x: torch.tensor(x, dtype=torch.float32).item()

functions = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, single(0.01)),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "softplus": F.softplus,
    "mish": F.mish,
    "elu": F.elu,
    "selu": F.selu,
    "hard_swish": F.hardswish,
    "celu": F.celu,
    "hard_sigmoid": F.hardsigmoid,
    "hard_tanh": F.hardtanh,
    "log_sigmoid": F.logsigmoid,
    "relu6": F.relu6,
    "soft_shrink": F.softshrink,
    "softsign": F.softsign,
    "tanh_shrink": F.tanhshrink,
    "arctan": torch.atan,
    "arcsinh": torch.asinh,
    "sine": torch.sin,
}
composed = {
    "quick_gelu": lambda x: x * torch.sigmoid(single(1.702) * x),
    "relu_squared": lambda x: F.relu(x) ** 2,
    "lisht": lambda x: x * torch.tanh(x),
    "serf": lambda x: x * torch.erf(F.softplus(x)),
    "logcosh": lambda x: torch.logaddexp(x, -x) - math.log(2),
    "gaussian": lambda x: torch.exp(-(x**2)),
    "snake": lambda x: x + torch.sin(x) ** 2,
}


def main(folder):
    with open(os.path.join(folder, "tasks")) as file:
        tasks = [line.split() for line in file]
    for number, (name, kind) in enumerate(tasks):
        function = functions.get(name) or composed.get(name)
        if function is None:
            continue
        with open(os.path.join(folder, f"{number}.in"), "rb") as file:
            x = torch.frombuffer(bytearray(file.read()), dtype=torch.float32)
        if kind == "derivative":
            x.requires_grad_()
            function(x).backward(torch.ones_like(x))
            result = x.grad
        else:
            result = function(x)
        with open(os.path.join(folder, f"{number}.out"), "wb") as file:
            file.write(result.detach().numpy().tobytes())
    print(torch.__version__, " ".join(functions), sep="\n")


main(sys.argv[1])
