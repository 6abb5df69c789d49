/** TensorFlow.js: its own layers' operations, its own loss and its own Adam. */
import { fileURLToPath } from "node:url";
import { versionOf } from "../peers/peer.js";
import { learningRate, type OpenTrainer, type Trainer } from "./trainer.js";

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface TensorFlow extends Record<"relu" | "sigmoid", (x: Tensor) => Tensor> {
  mul(a: Tensor, b: Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor): Tensor;
  oneHot(indices: Tensor, depth: number): Tensor;
  tensor1d(values: Int32Array | Float32Array, type: "int32" | "float32"): Tensor;
  tensor2d(values: Float32Array, shape: readonly [number, number]): Tensor;
  zeros(shape: readonly number[]): Tensor;
  variable(value: Tensor): Tensor;
  readonly losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  readonly train: {
    adam(rate: number): { minimize(f: () => Tensor, returnCost: true, variables: readonly Tensor[]): Tensor };
  };
  tidy(f: () => Tensor): Tensor;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
}

export const openTensorFlow =
  (backend: "cpu" | "wasm"): OpenTrainer =>
  async ({ inputs, hidden, classes, batch }, activation, weights): Promise<Trainer> => {
    const version = versionOf("@tensorflow/tfjs");
    // Names in variables: the packages are there in bench/ alone, which the type checker may not have.
    const name = "@tensorflow/tfjs";
    const { default: tf }: { default: TensorFlow } = await import(name);
    if (backend === "wasm") {
      const wasm = "@tensorflow/tfjs-backend-wasm";
      const { setWasmPaths }: { setWasmPaths: (folder: string) => void } = await import(wasm);
      setWasmPaths(fileURLToPath(new URL(`../node_modules/${wasm}/dist/`, import.meta.url)));
    }
    // The backend is a setting of the whole library.
    const begin = async (): Promise<void> => {
      if (!(await tf.setBackend(backend))) throw new Error(`the backend ${backend} does not start`);
      await tf.ready();
    };
    await begin();
    const variables = [
      tf.tensor2d(weights.first, [inputs, hidden]),
      tf.zeros([hidden]),
      tf.tensor2d(weights.second, [hidden, classes]),
      tf.zeros([classes]),
    ].map((value) => tf.variable(value)) as [Tensor, Tensor, Tensor, Tensor];
    const [w1, b1, w2, b2] = variables;
    const activate = activation === "relu" ? tf.relu : (x: Tensor): Tensor => tf.mul(x, tf.sigmoid(x));
    const optimiser = tf.train.adam(learningRate);
    let last: Tensor | null = null;
    return {
      name: `TF.js ${backend === "cpu" ? "CPU" : "WASM"}`,
      description: `@tensorflow/tfjs ${version}, backend ${backend}; train.adam, losses.softmaxCrossEntropy`,
      step({ images, labels }) {
        last?.dispose();
        last = tf.tidy(() => {
          const x = tf.tensor2d(images, [batch, inputs]);
          const wanted = tf.oneHot(tf.tensor1d(Int32Array.from(labels), "int32"), classes);
          const cost = (): Tensor => {
            const logits = tf.add(tf.matMul(activate(tf.add(tf.matMul(x, w1), b1)), w2), b2);
            return tf.losses.softmaxCrossEntropy(wanted, logits);
          };
          return optimiser.minimize(cost, true, variables);
        });
      },
      loss: async () => (await last?.data())?.[0] ?? NaN,
      begin,
    };
  };
