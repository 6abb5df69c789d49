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
import { featuresAfter } from "./activation.js";
import { classes, type Digits, pixels, select } from "./digits.js";

/** Features between the two layers. */
export const hidden = 64;

export interface TrainingOptions {
  readonly training: Digits;
  readonly test: Digits;
  readonly activation: Module;
  readonly device: Device;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize?: number;
  /** Of how many first steps the losses are wanted, each by itself; none unless given. */
  readonly firstSteps?: number;
  readonly log?: (line: string) => void;
}

export interface TrainingResult {
  readonly model: Sequential;
  /** The mean loss of each epoch. */
  readonly losses: readonly number[];
  /** The losses of the first steps, as many as were wanted. */
  readonly firstLosses: readonly number[];
  /** The share of test images that are recognised at the end. */
  readonly accuracy: number;
}

export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const { training, test, activation, device, seed, epochs, batchSize = 32, firstSteps = 0 } = options;
  const log = options.log ?? (() => undefined);
  const generator = new Generator(seed);
  const model = new Sequential(
    new Linear(pixels, hidden, { generator }),
    activation,
    new Linear(featuresAfter(activation, hidden), classes, { generator }),
  );
  await model.to(device);
  const optimiser = new Adam(model.parameters(), { lr: 4e-3 });
  const steps = Math.floor(training.labels.length / batchSize);

  const losses: number[] = [];
  const firstLosses: Tensor[] = [];
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    const order = generator.permutation(training.labels.length);
    // The sum stays on the device: reading each loss would make the program wait for each step.
    let sum: Tensor = tensor(0, { device });
    for (let step = 0; step < steps; step++) {
      const batch = select(training, order.subarray(step * batchSize, (step + 1) * batchSize));
      const before = sum;
      const sums = tidy(() => {
        const logits = model.call(imagesOf(batch, device));
        const loss = crossEntropyLoss(logits, batch.labels);
        optimiser.zeroGrad();
        loss.backward();
        optimiser.step();
        return { loss: loss.detach(), sum: before.add(loss.detach()) };
      });
      sum = sums.sum;
      before.dispose();
      if (firstLosses.length < firstSteps) firstLosses.push(sums.loss);
      else sums.loss.dispose();
    }
    const [total] = await sum.read();
    const loss = total! / steps;
    accuracy = await accuracyOf(model, test, device);
    losses.push(loss);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    log(`epoch ${epoch}: loss ${loss.toFixed(4)}, test accuracy ${(100 * accuracy).toFixed(2)} %, ${seconds} s`);
  }
  const read = await Promise.all(firstLosses.map((loss) => loss.read()));
  return { model, losses, firstLosses: read.map(([loss]) => loss!), accuracy };
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
