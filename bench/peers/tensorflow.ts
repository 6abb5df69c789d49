/** TensorFlow.js, on its backends in JavaScript and in WebAssembly. */
import { fileURLToPath } from "node:url";
import { type ActivationName, slope, steepness, threshold } from "../accuracy/activations.js";
import { type Peer, versionOf } from "./peer.js";

type Operand = Tensor | number;

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** Of its operations those that are used. */
interface TensorFlow
  extends
    Record<"add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "pow", (a: Operand, b: Operand) => Tensor>,
    Record<
      | "relu"
      | "relu6"
      | "sigmoid"
      | "tanh"
      | "softplus"
      | "elu"
      | "selu"
      | "logSigmoid"
      | "erf"
      | "exp"
      | "expm1"
      | "abs"
      | "sign"
      | "square"
      | "neg"
      | "sin"
      | "atan"
      | "asinh",
      (x: Tensor) => Tensor
    > {
  leakyRelu(x: Tensor, slope: number): Tensor;
  clipByValue(x: Tensor, low: number, high: number): Tensor;
  tensor1d(values: Float32Array): Tensor;
  grad(f: (x: Tensor) => Tensor): (x: Tensor, dy?: Tensor) => Tensor;
  tidy(f: () => Tensor): Tensor;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
}

/** Its own functions where it has them, else what its layers or the papers write. */
const functions = (tf: TensorFlow): Readonly<Record<ActivationName, (x: Tensor) => Tensor>> => ({
  relu: (x) => tf.relu(x),
  leaky_relu: (x) => tf.leakyRelu(x, slope),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  gelu: (x) => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
  gelu_tanh: (x) =>
    tf.mul(
      tf.mul(0.5, x),
      tf.add(1, tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3)))))),
    ),
  softplus: (x) => tf.softplus(x),
  mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
  hard_swish: (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
  celu: (x) => tf.add(tf.maximum(x, 0), tf.minimum(tf.expm1(x), 0)),
  hard_sigmoid: (x) => tf.div(tf.relu6(tf.add(x, 3)), 6),
  hard_tanh: (x) => tf.clipByValue(x, -1, 1),
  log_sigmoid: (x) => tf.logSigmoid(x),
  relu6: (x) => tf.relu6(x),
  soft_shrink: (x) => tf.mul(tf.sign(x), tf.relu(tf.sub(tf.abs(x), threshold))),
  softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  tanh_shrink: (x) => tf.sub(x, tf.tanh(x)),
  quick_gelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(steepness, x))),
  relu_squared: (x) => tf.square(tf.relu(x)),
  lisht: (x) => tf.mul(x, tf.tanh(x)),
  serf: (x) => tf.mul(x, tf.erf(tf.softplus(x))),
  logcosh: (x) => tf.sub(tf.add(x, tf.softplus(tf.mul(-2, x))), Math.LN2),
  gaussian: (x) => tf.exp(tf.neg(tf.square(x))),
  arctan: (x) => tf.atan(x),
  arcsinh: (x) => tf.asinh(x),
  sine: (x) => tf.sin(x),
  snake: (x) => tf.add(x, tf.square(tf.sin(x))),
});

const own = new Set<ActivationName>([
  "relu",
  "leaky_relu",
  "sigmoid",
  "tanh",
  "softplus",
  "elu",
  "selu",
  "hard_tanh",
  "log_sigmoid",
  "relu6",
  "arctan",
  "arcsinh",
  "sine",
]);

export async function openTensorFlow(backend: "cpu" | "wasm"): Promise<Peer> {
  const version = versionOf("@tensorflow/tfjs");
  // Names in variables: the packages are there in bench/ alone, which the type checker may not have.
  const name = "@tensorflow/tfjs";
  const { default: tf }: { default: TensorFlow } = await import(name);
  if (backend === "wasm") {
    const wasm = "@tensorflow/tfjs-backend-wasm";
    const { setWasmPaths }: { setWasmPaths: (folder: string) => void } = await import(wasm);
    setWasmPaths(fileURLToPath(new URL(`../node_modules/${wasm}/dist/`, import.meta.url)));
  }
  const all = functions(tf);
  return {
    name: `TF.js ${backend === "cpu" ? "CPU" : "WASM"}`,
    description: `@tensorflow/tfjs ${version}, backend ${backend}; derivatives by tf.grad`,
    own,
    derives: true,
    async run({ name, kind, inputs }) {
      // The backend is a setting of the whole library.
      if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
      await tf.ready();
      const x = tf.tensor1d(inputs);
      const y = kind === "value" ? all[name](x) : tf.grad(all[name])(x);
      const results = await y.data();
      x.dispose();
      y.dispose();
      return results;
    },
    async prepare({ name, kind, inputs }) {
      const start = async (): Promise<void> => {
        if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
        await tf.ready();
      };
      await start();
      const [x, dy] = [tf.tensor1d(inputs), tf.tensor1d(new Float32Array(inputs.length).fill(1))];
      const gradient = tf.grad(all[name]);
      const compute = (): Tensor => tf.tidy(() => (kind === "value" ? all[name](x) : gradient(x, dy)));
      return {
        run: () => compute().dispose(),
        async results() {
          await start();
          const y = compute();
          const results = await y.data();
          y.dispose();
          return results;
        },
        dispose: () => [x, dy].forEach((each) => each.dispose()),
        begin: start,
      };
    },
  };
}
