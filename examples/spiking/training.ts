/**
 * A network of neurons that spike learns which of two inputs fire: whether one of them does, but not both. A spike is a step,
 * whose derivative is 0: what it learns by is the gradient that the definition of `spike` declares.
 */
import {
  Adam,
  crossEntropyLoss,
  type Device,
  Generator,
  Linear,
  Module,
  noGrad,
  tensor,
  type Tensor,
  tidy,
} from "activation-compiler/runtime";
import { Spike } from "../../generated/index.js";

/** Time steps that a neuron watches its inputs for. */
const duration = 8;
/** What is left of a membrane's potential after a step. */
const leak = 0.8;
const threshold = 1;
const hidden = 16;

/** Leaky neurons that spike and are reset; the result is how often each fires, mixed for the two classes. */
class SpikingNetwork extends Module {
  readonly inputs: Linear;
  readonly outputs: Linear;
  readonly spike = new Spike();

  constructor(generator: Generator) {
    super();
    this.inputs = new Linear(2, hidden, { generator });
    this.outputs = new Linear(hidden, 2, { generator });
  }

  /** @param trains spikes of the inputs, [time, examples, inputs] */
  override forward(trains: Tensor): Tensor {
    const [, examples] = trains.shape;
    const currents = this.inputs.call(trains);
    let membrane: Tensor | null = null;
    let count: Tensor | null = null;
    for (let time = 0; time < duration; time++) {
      const current = currents.narrow(0, time, 1).reshape([examples!, hidden]);
      const potential: Tensor = membrane ? membrane.mul(leak).add(current) : current;
      const spikes = this.spike.call(potential.sub(threshold));
      membrane = potential.sub(spikes.mul(threshold));
      count = count ? count.add(spikes) : spikes;
    }
    return this.outputs.call(count!.mul(1 / duration));
  }
}

export interface SpikingOptions {
  readonly device: Device;
  readonly seed: number;
  readonly steps: number;
  readonly batchSize?: number;
  readonly log?: (line: string) => void;
}

export interface SpikingResult {
  /** The loss before each step. */
  readonly losses: readonly number[];
  /** The share of new examples that are recognised in the end. */
  readonly accuracy: number;
}

/** Spike trains: an input that is on fires in nine steps of ten, one that is off in one of ten. */
function examplesOf(generator: Generator, count: number): { readonly trains: Float32Array; readonly labels: number[] } {
  const on = Array.from({ length: count }, () => [generator.uniform() < 0.5, generator.uniform() < 0.5] as const);
  const trains = new Float32Array(duration * count * 2);
  for (let i = 0; i < trains.length; i++) {
    const example = Math.floor(i / 2) % count;
    trains[i] = Number(generator.uniform() < (on[example]![i % 2 === 0 ? 0 : 1] ? 0.9 : 0.1));
  }
  return { trains, labels: on.map(([a, b]) => Number(a !== b)) };
}

export async function train({ device, seed, steps, batchSize = 64, log }: SpikingOptions): Promise<SpikingResult> {
  const generator = new Generator(seed);
  const network = new SpikingNetwork(generator);
  await network.to(device);
  const optimiser = new Adam(network.parameters(), { lr: 2e-2 });
  const losses: Tensor[] = [];
  for (let step = 1; step <= steps; step++) {
    const { trains, labels } = examplesOf(generator, batchSize);
    const loss = tidy(() => {
      const logits = network.call(tensor(trains, { shape: [duration, batchSize, 2], device }));
      const value = crossEntropyLoss(logits, labels);
      optimiser.zeroGrad();
      value.backward();
      optimiser.step();
      return value.detach();
    });
    losses.push(loss);
    if (log && step % 50 === 0) log(`step ${step}: loss ${(await loss.read())[0]!.toFixed(3)}`);
  }
  const test = examplesOf(generator, 500);
  const logits = await tidy(() =>
    noGrad(() => network.call(tensor(test.trains, { shape: [duration, 500, 2], device }))),
  ).read();
  const right = test.labels.filter((label, i) => label === Number(logits[2 * i + 1]! > logits[2 * i]!));
  const read = await Promise.all(losses.map((loss) => loss.read()));
  return { losses: read.map(([loss]) => loss!), accuracy: right.length / test.labels.length };
}
