/** Trains a small network with an activation of choice. Its steps are the same on every device. */
import {
  Adam,
  crossEntropyLoss,
  type Device,
  Generator,
  Linear,
  type Module,
  noGrad,
  Sequential,
  tensor,
  type Tensor,
  tidy,
} from "activation-compiler/runtime";
import { classes, type Digits, pixels, select } from "./digits.js";

export interface TrainingOptions {
  readonly training: Digits;
  readonly test: Digits;
  readonly activation: Module;
  readonly device: Device;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize?: number;
  readonly log?: (line: string) => void;
}

export interface TrainingResult {
  readonly model: Sequential;
  /** The mean loss of each epoch. */
  readonly losses: readonly number[];
  /** The share of test images that are recognised at the end. */
  readonly accuracy: number;
}

export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { training, test, activation, device, seed, epochs, batchSize = 32, log = () => undefined } = options;
  const generator = new Generator(seed);
  const model = new Sequential(
    new Linear(pixels, 64, { generator }),
    activation,
    new Linear(64, classes, { generator }),
  );
  await model.to(device);
  const optimiser = new Adam(model.parameters(), { lr: 2e-3 });
  const steps = Math.floor(training.labels.length / batchSize);

  const losses: number[] = [];
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    const order = generator.permutation(training.labels.length);
    // The sum stays on the device: reading each loss would make the program wait for each step.
    let sum: Tensor = tensor(0, { device });
    for (let step = 0; step < steps; step++) {
      const batch = select(training, order.subarray(step * batchSize, (step + 1) * batchSize));
      const before = sum;
      sum = tidy(() => {
        const logits = model.call(imagesOf(batch, device));
        const loss = crossEntropyLoss(logits, batch.labels);
        optimiser.zeroGrad();
        loss.backward();
        optimiser.step();
        return before.add(loss.detach());
      });
      before.dispose();
    }
    const [total] = await sum.read();
    const loss = total! / steps;
    accuracy = await accuracyOf(model, test, device);
    losses.push(loss);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    log(`epoch ${epoch}: loss ${loss.toFixed(4)}, test accuracy ${(100 * accuracy).toFixed(2)} %, ${seconds} s`);
  }
  return { model, losses, accuracy };
}

/** The share of images whose largest logit is that of their label. */
export async function accuracyOf(model: Module, digits: Digits, device: Device): Promise<number> {
  const { labels } = digits;
  const result = tidy(() => noGrad(() => model.eval().call(imagesOf(digits, device))));
  model.train();
  const logits = await result.read();
  result.dispose();
  const right = labels.filter((label, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return right.length / labels.length;
}

const imagesOf = ({ images, labels }: Digits, device: Device): Tensor =>
  tensor(images, { shape: [labels.length, pixels], device });
