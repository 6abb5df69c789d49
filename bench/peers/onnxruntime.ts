/**
 * ONNX Runtime, native in Node and in WebAssembly. It runs graphs and differentiates none, so that the graphs of the
 * derivatives are written by hand: the usual stable form of each, from the output where frameworks take it from there.
 */
import { type ActivationName, slope, steepness, threshold } from "../accuracy/activations.js";
import type { Kind } from "../accuracy/truth.js";
import { type Attributes, type Graph, model } from "./onnx-model.js";
import { type Peer, versionOf } from "./peer.js";

interface Tensor {
  readonly data: Float32Array;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches?: Readonly<Record<string, Tensor>>,
  ): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => Tensor;
  readonly env: { readonly wasm: { numThreads?: number } };
}

type Build = (graph: Graph) => string;

/** Operators as functions, so that a graph reads as a formula; numbers are constants. */
const write =
  (formula: (o: Operators, x: string) => string): Build =>
  (graph) =>
    formula(operators(graph), graph.input);

type Value = string | number;
type Operators = ReturnType<typeof operators>;

function operators(graph: Graph) {
  const name = (value: Value): string => (typeof value === "number" ? graph.constant(value) : value);
  const unary =
    (type: string) =>
    (a: Value, attributes?: Attributes): string =>
      graph.op(type, [name(a)], attributes);
  const binary =
    (type: string) =>
    (a: Value, b: Value): string =>
      graph.op(type, [name(a), name(b)]);
  return {
    call: (type: string, a: Value, attributes?: Attributes): string => graph.op(type, [name(a)], attributes),
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    greater: binary("Greater"),
    where: (condition: string, a: Value, b: Value): string => graph.op("Where", [condition, name(a), name(b)]),
    clip: (a: Value, low: number, high: number): string => graph.op("Clip", [name(a), name(low), name(high)]),
    relu: unary("Relu"),
    sigmoid: unary("Sigmoid"),
    tanh: unary("Tanh"),
    softplus: unary("Softplus"),
    erf: unary("Erf"),
    exp: unary("Exp"),
    abs: unary("Abs"),
    neg: unary("Neg"),
    sqrt: unary("Sqrt"),
    sin: unary("Sin"),
    cos: unary("Cos"),
    reciprocal: unary("Reciprocal"),
  };
}

const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };
const square = (o: Operators, a: string): string => o.mul(a, a);
/** 1 where |x| is on one side of the bound, 0 elsewhere. */
const inside = (o: Operators, x: string, bound: number, value: number): string =>
  o.where(o.greater(bound, o.abs(x)), value, 0);

const values: Readonly<Record<ActivationName, Build>> = {
  relu: write((o, x) => o.relu(x)),
  leaky_relu: write((o, x) => o.call("LeakyRelu", x, { alpha: slope })),
  sigmoid: write((o, x) => o.sigmoid(x)),
  tanh: write((o, x) => o.tanh(x)),
  silu: write((o, x) => o.mul(x, o.sigmoid(x))),
  gelu: write((o, x) => o.call("Gelu", x, { approximate: "none" })),
  gelu_tanh: write((o, x) => o.call("Gelu", x, { approximate: "tanh" })),
  softplus: write((o, x) => o.softplus(x)),
  mish: write((o, x) => o.call("Mish", x)),
  elu: write((o, x) => o.call("Elu", x, { alpha: 1 })),
  selu: write((o, x) => o.call("Selu", x)),
  hard_swish: write((o, x) => o.call("HardSwish", x)),
  celu: write((o, x) => o.call("Celu", x, { alpha: 1 })),
  hard_sigmoid: write((o, x) => o.call("HardSigmoid", x, { alpha: 1 / 6, beta: 0.5 })),
  hard_tanh: write((o, x) => o.clip(x, -1, 1)),
  log_sigmoid: write((o, x) => o.neg(o.softplus(o.neg(x)))),
  relu6: write((o, x) => o.clip(x, 0, 6)),
  soft_shrink: write((o, x) => o.call("Shrink", x, { lambd: threshold, bias: threshold })),
  softsign: write((o, x) => o.call("Softsign", x)),
  tanh_shrink: write((o, x) => o.sub(x, o.tanh(x))),
  quick_gelu: write((o, x) => o.mul(x, o.sigmoid(o.mul(steepness, x)))),
  relu_squared: write((o, x) => square(o, o.relu(x))),
  lisht: write((o, x) => o.mul(x, o.tanh(x))),
  serf: write((o, x) => o.mul(x, o.erf(o.softplus(x)))),
  logcosh: write((o, x) => o.sub(o.add(x, o.softplus(o.mul(-2, x))), Math.LN2)),
  gaussian: write((o, x) => o.exp(o.neg(square(o, x)))),
  arctan: write((o, x) => o.call("Atan", x)),
  arcsinh: write((o, x) => o.call("Asinh", x)),
  sine: write((o, x) => o.sin(x)),
  snake: write((o, x) => o.add(x, square(o, o.sin(x)))),
};

/** s (1 + b x (1 - s)), s = sigmoid(b x): the derivative of x sigmoid(b x). */
const gated = (o: Operators, x: string, b: number): string => {
  const scaled = b === 1 ? x : o.mul(b, x);
  const s = o.sigmoid(scaled);
  return o.mul(s, o.add(1, o.mul(scaled, o.sub(1, s))));
};

const derivatives: Readonly<Record<ActivationName, Build>> = {
  relu: write((o, x) => o.where(o.greater(x, 0), 1, 0)),
  leaky_relu: write((o, x) => o.where(o.greater(x, 0), 1, slope)),
  sigmoid: write((o, x) => {
    const y = o.sigmoid(x);
    return o.mul(y, o.sub(1, y));
  }),
  tanh: write((o, x) => o.sub(1, square(o, o.tanh(x)))),
  silu: write((o, x) => gated(o, x, 1)),
  gelu: write((o, x) => {
    const cdf = o.mul(0.5, o.add(1, o.erf(o.mul(x, Math.SQRT1_2))));
    const pdf = o.mul(1 / Math.sqrt(2 * Math.PI), o.exp(o.mul(-0.5, square(o, x))));
    return o.add(cdf, o.mul(x, pdf));
  }),
  gelu_tanh: write((o, x) => {
    const c = Math.sqrt(2 / Math.PI);
    const x2 = square(o, x);
    const t = o.tanh(o.mul(x, o.add(c, o.mul(c * 0.044715, x2))));
    const slopeOfU = o.add(c, o.mul(3 * c * 0.044715, x2));
    const rest = o.mul(o.mul(o.mul(0.5, x), o.sub(1, square(o, t))), slopeOfU);
    return o.add(o.mul(0.5, o.add(1, t)), rest);
  }),
  softplus: write((o, x) => o.sigmoid(x)),
  mish: write((o, x) => {
    const t = o.tanh(o.softplus(x));
    return o.add(t, o.mul(o.mul(x, o.sigmoid(x)), o.sub(1, square(o, t))));
  }),
  elu: write((o, x) => o.where(o.greater(x, 0), 1, o.add(o.call("Elu", x, { alpha: 1 }), 1))),
  selu: write((o, x) => o.where(o.greater(x, 0), selu.scale, o.add(o.call("Selu", x), selu.scale * selu.alpha))),
  hard_swish: write((o, x) => o.where(o.greater(x, 3), 1, o.where(o.greater(x, -3), o.add(o.mul(1 / 3, x), 0.5), 0))),
  celu: write((o, x) => o.where(o.greater(x, 0), 1, o.exp(x))),
  hard_sigmoid: write((o, x) => inside(o, x, 3, 1 / 6)),
  hard_tanh: write((o, x) => inside(o, x, 1, 1)),
  log_sigmoid: write((o, x) => o.sigmoid(o.neg(x))),
  relu6: write((o, x) => o.where(o.greater(x, 0), o.where(o.greater(6, x), 1, 0), 0)),
  soft_shrink: write((o, x) => o.where(o.greater(o.abs(x), threshold), 1, 0)),
  softsign: write((o, x) => o.reciprocal(square(o, o.add(1, o.abs(x))))),
  tanh_shrink: write((o, x) => square(o, o.tanh(x))),
  quick_gelu: write((o, x) => gated(o, x, steepness)),
  relu_squared: write((o, x) => o.mul(2, o.relu(x))),
  lisht: write((o, x) => {
    const t = o.tanh(x);
    return o.add(t, o.mul(x, o.sub(1, square(o, t))));
  }),
  serf: write((o, x) => {
    const p = o.softplus(x);
    const density = o.mul(2 / Math.sqrt(Math.PI), o.exp(o.neg(square(o, p))));
    return o.add(o.erf(p), o.mul(o.mul(x, density), o.sigmoid(x)));
  }),
  logcosh: write((o, x) => o.tanh(x)),
  gaussian: write((o, x) => o.mul(o.mul(-2, x), o.exp(o.neg(square(o, x))))),
  arctan: write((o, x) => o.reciprocal(o.add(1, square(o, x)))),
  arcsinh: write((o, x) => o.reciprocal(o.sqrt(o.add(1, square(o, x))))),
  sine: write((o, x) => o.cos(x)),
  snake: write((o, x) => o.add(1, o.mul(2, o.mul(o.sin(x), o.cos(x))))),
};

const own = new Set<ActivationName>([
  "relu",
  "leaky_relu",
  "sigmoid",
  "tanh",
  "gelu",
  "gelu_tanh",
  "softplus",
  "mish",
  "elu",
  "selu",
  "hard_swish",
  "celu",
  "hard_sigmoid",
  "hard_tanh",
  "relu6",
  "soft_shrink",
  "softsign",
  "arctan",
  "arcsinh",
  "sine",
]);

export async function openOnnxRuntime(name: "onnxruntime-node" | "onnxruntime-web"): Promise<Peer> {
  const version = versionOf(name);
  const web = name === "onnxruntime-web";
  const runtime: OnnxRuntime = await import(name);
  if (web) runtime.env.wasm.numThreads = 1;
  const build = (activation: ActivationName, kind: Kind): Uint8Array =>
    model((kind === "value" ? values : derivatives)[activation]);
  return {
    name: `ONNX Runtime ${web ? "Web" : "Node"}`,
    description: `${name} ${version}, ${web ? "wasm" : "cpu"}; graphs of derivatives written by hand`,
    own,
    derives: false,
    async run({ name: activation, kind, inputs }) {
      const options = {
        executionProviders: [web ? "wasm" : "cpu"],
        intraOpNumThreads: 1,
        logSeverityLevel: 3,
      };
      const session = await runtime.InferenceSession.create(build(activation, kind), options);
      try {
        const feeds = { [session.inputNames[0] ?? ""]: new runtime.Tensor("float32", inputs, [inputs.length]) };
        const results = await session.run(feeds);
        const output = results[session.outputNames[0] ?? ""];
        return output ? Float32Array.from(output.data) : "the model has no output";
      } finally {
        await session.release();
      }
    },
    async prepare({ name: activation, kind, inputs }) {
      const session = await runtime.InferenceSession.create(build(activation, kind), {
        executionProviders: [web ? "wasm" : "cpu"],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
      });
      const tensor = (values: Float32Array): Tensor => new runtime.Tensor("float32", values, [values.length]);
      const feeds = { [session.inputNames[0] ?? ""]: tensor(inputs) };
      const output = new Float32Array(inputs.length);
      // In WebAssembly outputs that were made before are not written to.
      const fetches = web ? undefined : { [session.outputNames[0] ?? ""]: tensor(output) };
      const compute = () => (fetches ? session.run(feeds, fetches) : session.run(feeds));
      return {
        async run() {
          await compute();
        },
        async results() {
          const results = await compute();
          return results[session.outputNames[0] ?? ""]?.data ?? output;
        },
        dispose: () => void session.release(),
      };
    },
  };
}
