"""Computes the best known activations with PyTorch's kernels, on one thread, and times itself.

What a layer would call and allocate is left out: the kernels of torch.ops.aten write to tensors that are there, and gradients are
computed by the kernels that autograd calls. See process.ts for the lines that it takes.
"""

import sys
import time

import torch

torch.set_num_threads(1)
aten = torch.ops.aten
alpha, scale = 1.6732632423543772, 1.0507009873554805

# Of the inputs and a tensor for the results; of a cotangent, the inputs, the values and such a tensor.
functions = {
    "relu": (
        lambda x, out: aten.clamp_min.out(x, 0, out=out),
        lambda d, x, y, out: aten.threshold_backward.grad_input(d, y, 0, grad_input=out),
    ),
    "leaky_relu": (
        lambda x, out: aten.leaky_relu.out(x, 0.01, out=out),
        lambda d, x, y, out: aten.leaky_relu_backward.grad_input(d, x, 0.01, False, grad_input=out),
    ),
    "sigmoid": (
        lambda x, out: aten.sigmoid.out(x, out=out),
        lambda d, x, y, out: aten.sigmoid_backward.grad_input(d, y, grad_input=out),
    ),
    "tanh": (
        lambda x, out: aten.tanh.out(x, out=out),
        lambda d, x, y, out: aten.tanh_backward.grad_input(d, y, grad_input=out),
    ),
    "silu": (
        lambda x, out: aten.silu.out(x, out=out),
        lambda d, x, y, out: aten.silu_backward.grad_input(d, x, grad_input=out),
    ),
    "gelu": (
        lambda x, out: aten.gelu.out(x, out=out),
        lambda d, x, y, out: aten.gelu_backward.grad_input(d, x, grad_input=out),
    ),
    "gelu_tanh": (
        lambda x, out: aten.gelu.out(x, approximate="tanh", out=out),
        lambda d, x, y, out: aten.gelu_backward.grad_input(d, x, approximate="tanh", grad_input=out),
    ),
    "softplus": (
        lambda x, out: aten.softplus.out(x, out=out),
        lambda d, x, y, out: aten.softplus_backward.grad_input(d, x, 1, 20, grad_input=out),
    ),
    "mish": (
        lambda x, out: aten.mish.out(x, out=out),
        lambda d, x, y, out: out.copy_(aten.mish_backward(d, x)),
    ),
    "elu": (
        lambda x, out: aten.elu.out(x, out=out),
        lambda d, x, y, out: aten.elu_backward.grad_input(d, 1, 1, 1, True, y, grad_input=out),
    ),
    "selu": (
        lambda x, out: aten.elu.out(x, alpha, scale, 1, out=out),
        lambda d, x, y, out: aten.elu_backward.grad_input(d, alpha, scale, 1, True, y, grad_input=out),
    ),
    "hard_swish": (
        lambda x, out: aten.hardswish.out(x, out=out),
        lambda d, x, y, out: aten.hardswish_backward.out(d, x, out=out),
    ),
}


def prepared(name, kind, file):
    """A function that computes once, and the tensor that it writes."""
    value, gradient = functions[name]
    with open(file, "rb") as inputs:
        x = torch.frombuffer(bytearray(inputs.read()), dtype=torch.float32)
    out = torch.zeros_like(x)
    if kind == "value":
        return (lambda: value(x, out)), out
    d, y = torch.ones_like(x), torch.zeros_like(x)
    value(x, y)
    return (lambda: gradient(d, x, y, out)), out


def main():
    print(f"torch {torch.__version__} (Debian), one thread; the kernels that autograd calls, to tensors that are there", flush=True)
    run, out = None, None
    with torch.inference_mode():
        for line in sys.stdin:
            command, *rest = line.split()
            if command == "prepare":
                if rest[0] in functions:
                    run, out = prepared(*rest)
                    answer = "ready"
                else:
                    answer = "no such function"
            elif command == "time":
                wall, processor = time.perf_counter(), time.process_time()
                for _ in range(int(rest[0])):
                    run()
                answer = 1e3 * min(time.perf_counter() - wall, time.process_time() - processor)
            else:
                with open(rest[0], "wb") as file:
                    file.write(out.numpy().tobytes())
                answer = "written"
            print(answer, flush=True)


main()
