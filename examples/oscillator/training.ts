/**
 * A damped oscillator, solved by a network that sees nothing but the equation: u'' + 2 d u' + w^2 u = 0 with u(0) = 1 and
 * u'(0) = 0, as u' = v and v' = -2 d v - w^2 u. The network gives u and v at times t; their derivatives in t are gradients,
 * and training goes through these, with gradients of gradients.
 */
import {
  Adam,
  type Device,
  Generator,
  grad,
  Linear,
  type Module,
  Sequential,
  tensor,
  type Tensor,
  tidy,
} from "activation-compiler/runtime";

export const damping = 0.25;
export const frequency = 1;
/** Times from 0 to here. */
export const duration = 4;

/** u at a time. */
export function solution(t: number): number {
  const w = Math.sqrt(frequency ** 2 - damping ** 2);
  return Math.exp(-damping * t) * (Math.cos(w * t) + (damping / w) * Math.sin(w * t));
}

export interface SolvingOptions {
  /** A new one for each call: smooth, of one input. */
  readonly activation: () => Module;
  readonly device: Device;
  readonly seed: number;
  readonly steps: number;
  readonly log?: (line: string) => void;
}

export interface SolvingResult {
  /** The mean square of what the equations lack, before each step. */
  readonly losses: readonly number[];
  /** The largest difference between u and the solution, at times between those of training. */
  readonly error: number;
}

const features = 12;
const points = 24;
const every = 100;

const times = (count: number, offset: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i + offset) / (count - 1 + 2 * offset)) * duration);

/** u and v, which have the initial values whatever the network gives. */
function stateAt(network: Module, t: Tensor): { readonly u: Tensor; readonly v: Tensor } {
  const y = network.call(t);
  return { u: y.narrow(1, 0, 1).mul(t).add(1), v: y.narrow(1, 1, 1).mul(t) };
}

/** The mean square of what the equations lack. */
function residual(network: Module, t: Tensor): Tensor {
  const { u, v } = stateAt(network, t);
  const derivative = (of: Tensor): Tensor => grad(of.sum(), [t], { createGraph: true })[0]!;
  const first = derivative(u).sub(v);
  const second = derivative(v)
    .add(v.mul(2 * damping))
    .add(u.mul(frequency ** 2));
  return first.mul(first).mean().add(second.mul(second).mean());
}

export async function solve({ activation, device, seed, steps, log }: SolvingOptions): Promise<SolvingResult> {
  const generator = new Generator(seed);
  const network = new Sequential(
    new Linear(1, features, { generator }),
    activation(),
    new Linear(features, features, { generator }),
    activation(),
    new Linear(features, 2, { generator }),
  );
  await network.to(device);
  const optimiser = new Adam(network.parameters(), { lr: 3e-2 });
  const t = tensor(times(points, 0), { shape: [points, 1], device, requiresGrad: true });
  const losses: Tensor[] = [];
  for (let step = 1; step <= steps; step++) {
    const loss = tidy(() => {
      const lacking = residual(network, t);
      optimiser.zeroGrad();
      lacking.backward();
      optimiser.step();
      return lacking.detach();
    });
    losses.push(loss);
    if (log && step % every === 0) log(`step ${step}: loss ${(await loss.read())[0]!.toExponential(2)}`);
  }
  const between = times(points - 1, 0.5);
  const u = await tidy(() => stateAt(network, tensor(between, { shape: [points - 1, 1], device })).u).read();
  const read = await Promise.all(losses.map((loss) => loss.read()));
  return {
    losses: read.map(([loss]) => loss!),
    error: Math.max(...Array.from(between, (time, i) => Math.abs(u[i]! - solution(time)))),
  };
}
