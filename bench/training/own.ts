/** The project's own runtime on the CPU, with the kernels of generated/. */
import {
  Adam,
  cpu,
  crossEntropyLoss,
  Linear,
  type Module,
  Sequential,
  setThreads,
  tensor,
  type Tensor,
  tidy,
} from "../../runtime/index.js";
import { version } from "../../compiler/version.js";
import { ReLU } from "../../generated/relu.module.js";
import { SiLU } from "../../generated/silu.module.js";
import { learningRate, type OpenTrainer } from "./trainer.js";

const activations = { relu: (): Module => new ReLU(), silu: (): Module => new SiLU() };

export const openOwn: OpenTrainer = async ({ inputs, hidden, classes, batch }, activation, weights) => {
  // As the others.
  setThreads(1);
  const layers = [new Linear(inputs, hidden), new Linear(hidden, classes)] as const;
  layers.forEach((layer, i) => {
    layer.weight.data().set(transposed(i === 0 ? weights.first : weights.second, layer.inFeatures));
    layer.bias?.data().fill(0);
  });
  const model = new Sequential(layers[0], activations[activation](), layers[1]);
  const optimiser = new Adam(model.parameters(), { lr: learningRate });
  let last: Tensor = tensor(0);
  return Promise.resolve({
    name: "actc",
    description: `activation-compiler ${version}, device cpu`,
    step({ images, labels }) {
      last.dispose();
      last = tidy(() => {
        const logits = model.call(tensor(images, { shape: [batch, inputs], device: cpu }));
        const loss = crossEntropyLoss(logits, labels);
        optimiser.zeroGrad();
        loss.backward();
        optimiser.step();
        return loss.detach();
      });
    },
    loss: async () => (await last.read())[0] ?? NaN,
  });
};

/** [rows, columns] as [columns, rows]. */
function transposed(matrix: Float32Array, rows: number): Float32Array {
  const columns = matrix.length / rows;
  return Float32Array.from(matrix, (_, i) => matrix[(i % rows) * columns + Math.floor(i / rows)] ?? NaN);
}
