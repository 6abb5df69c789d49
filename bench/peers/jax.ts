/** jax-js, on its WebAssembly backend (the others need a browser). */
import { type ActivationName, slope, steepness, threshold } from "../accuracy/activations.js";
import { type Peer, versionOf } from "./peer.js";

/** An operation consumes its arguments; `ref` is one more reference to hand out. */
interface Tensor {
  readonly ref: Tensor;
  add(b: Tensor | number): Tensor;
  sub(b: Tensor | number): Tensor;
  mul(b: Tensor | number): Tensor;
  div(b: Tensor | number): Tensor;
  neg(): Tensor;
  sum(): Tensor;
  data(): Promise<Float32Array>;
  blockUntilReady(): Promise<Tensor>;
  dispose(): void;
}

type Unary = (x: Tensor) => Tensor;

interface Jax {
  readonly numpy: Readonly<Record<"tanh" | "sin" | "arctan" | "arcsinh" | "exp" | "abs" | "sign" | "square", Unary>> & {
    readonly array: (values: Float32Array) => Tensor;
    readonly logaddexp: (a: Tensor, b: Tensor) => Tensor;
  };
  readonly nn: Readonly<
    Record<
      | "relu"
      | "relu6"
      | "sigmoid"
      | "silu"
      | "softplus"
      | "mish"
      | "selu"
      | "hardSilu"
      | "hardSigmoid"
      | "hardTanh"
      | "logSigmoid"
      | "softSign",
      Unary
    >
  > & {
    readonly leakyRelu: (x: Tensor, slope: number) => Tensor;
    readonly elu: (x: Tensor, alpha: number) => Tensor;
    readonly celu: (x: Tensor, alpha: number) => Tensor;
    readonly gelu: (x: Tensor, options: { approximate: boolean }) => Tensor;
  };
  readonly lax: { readonly erf: Unary };
  readonly grad: (f: Unary) => Unary;
  readonly jit: (f: Unary) => Unary;
  readonly init: (device: string) => Promise<unknown>;
  readonly defaultDevice: (device: string) => unknown;
}

const functions = ({ nn, numpy, lax }: Jax): Readonly<Record<ActivationName, Unary>> => ({
  relu: nn.relu,
  leaky_relu: (x) => nn.leakyRelu(x, slope),
  sigmoid: nn.sigmoid,
  tanh: numpy.tanh,
  silu: nn.silu,
  gelu: (x) => nn.gelu(x, { approximate: false }),
  gelu_tanh: (x) => nn.gelu(x, { approximate: true }),
  softplus: nn.softplus,
  mish: nn.mish,
  elu: (x) => nn.elu(x, 1),
  selu: nn.selu,
  hard_swish: nn.hardSilu,
  celu: (x) => nn.celu(x, 1),
  hard_sigmoid: nn.hardSigmoid,
  hard_tanh: nn.hardTanh,
  log_sigmoid: nn.logSigmoid,
  relu6: nn.relu6,
  soft_shrink: (x) => numpy.sign(x.ref).mul(nn.relu(numpy.abs(x).sub(threshold))),
  softsign: nn.softSign,
  tanh_shrink: (x) => x.ref.sub(numpy.tanh(x)),
  quick_gelu: (x) => x.ref.mul(nn.sigmoid(x.mul(steepness))),
  relu_squared: (x) => numpy.square(nn.relu(x)),
  lisht: (x) => x.ref.mul(numpy.tanh(x)),
  serf: (x) => x.ref.mul(lax.erf(nn.softplus(x))),
  logcosh: (x) => numpy.logaddexp(x.ref, x.neg()).sub(Math.LN2),
  gaussian: (x) => numpy.exp(numpy.square(x).neg()),
  arctan: numpy.arctan,
  arcsinh: numpy.arcsinh,
  sine: numpy.sin,
  snake: (x) => x.ref.add(numpy.square(numpy.sin(x))),
});

const composed = new Set<ActivationName>([
  "soft_shrink",
  "tanh_shrink",
  "quick_gelu",
  "relu_squared",
  "lisht",
  "serf",
  "logcosh",
  "gaussian",
  "snake",
]);

export async function openJax(): Promise<Peer> {
  const name = "@jax-js/jax";
  const version = versionOf(name);
  const jax: Jax = await import(name);
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const all = functions(jax);
  return {
    name: "jax-js",
    description: `${name} ${version}, backend wasm; derivatives by grad`,
    derives: true,
    own: new Set(Object.keys(all).filter((activation) => ![...composed].some((each) => each === activation))),
    async run({ name, kind, inputs }) {
      const f = all[name];
      const x = jax.numpy.array(inputs);
      const y = kind === "value" ? f(x) : jax.grad((t) => f(t).sum())(x);
      return y.data();
    },
    async prepare({ name, kind, inputs }) {
      // Where there are workers it takes several threads; ONNX Runtime brings some.
      Reflect.deleteProperty(globalThis, "Worker");
      const f = all[name];
      const compute = jax.jit(kind === "value" ? f : jax.grad((t) => f(t).sum()));
      const x = await jax.numpy.array(inputs).blockUntilReady();
      return {
        async run() {
          const y = await compute(x.ref).blockUntilReady();
          y.dispose();
        },
        results: () => compute(x.ref).data(),
        dispose: () => x.dispose(),
      };
    },
  };
}
