/** Optimisers. Their steps run on the parameters' device, and their defaults are PyTorch's. */
import type { UpdateRule } from "./device.js";
import { forgetGradients, type Parameter } from "./module.js";
import { filled } from "./operations.js";
import { keep } from "./scope.js";
import { formatShape, sameShape } from "./shape.js";
import type { Tensor } from "./tensor.js";

interface State {
  step: number;
  readonly tensors: readonly Tensor[];
}

export abstract class Optimizer {
  readonly parameters: readonly Parameter[];
  /** The learning rate; may be changed between steps. */
  lr: number;
  readonly #states = new Map<Parameter, State>();

  constructor(parameters: Iterable<Parameter>, lr: number) {
    this.parameters = [...new Set(parameters)];
    if (this.parameters.length === 0) throw new RangeError("an optimiser needs parameters");
    this.lr = requireNumber("lr", lr, 0, Infinity);
  }

  /** How many numbers it remembers for each number of a parameter. */
  protected abstract readonly memories: number;
  /** What to do in a parameter's step of this number, from 1. */
  protected abstract rule(step: number): UpdateRule;

  /** Changes each parameter that has a gradient; one that is learned in a range is brought back into it. */
  step(): void {
    for (const parameter of this.parameters) {
      const { grad, device, shape } = parameter;
      if (grad === null) continue;
      if (!sameShape(grad.shape, shape)) {
        throw new RangeError(
          `step(): a gradient has shape ${formatShape(grad.shape)}, its parameter ${formatShape(shape)}`,
        );
      }
      const state = this.#stateOf(parameter);
      if ([grad, ...state.tensors].some((tensor) => tensor.device !== device)) {
        throw new Error("step(): a parameter moved to another device after the first step: create a new optimiser");
      }
      state.step++;
      device.update(
        this.rule(state.step),
        parameter.storage,
        grad.storage,
        state.tensors.map(({ storage }) => storage),
      );
      if (parameter.limits) device.clamp(parameter.storage, ...parameter.limits);
      parameter.markChanged();
    }
  }

  /** Forgets the gradients; their memory is freed at the end of the surrounding `tidy()`, or when it is garbage. */
  zeroGrad(): void {
    forgetGradients(this.parameters);
  }

  #stateOf(parameter: Parameter): State {
    let state = this.#states.get(parameter);
    if (!state) {
      const tensors = Array.from({ length: this.memories }, () => keep(filled(parameter.shape, 0, parameter.device)));
      state = { step: 0, tensors };
      this.#states.set(parameter, state);
    }
    return state;
  }
}

function requireNumber(name: string, value: number, low: number, below: number): number {
  if (!(value >= low && value < below))
    throw new RangeError(`${name} is ${value}, but must be at least ${low} and below ${below}`);
  return value;
}

export interface SGDOptions {
  /** 0.001 unless given. */
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent, with momentum if wanted. */
export class SGD extends Optimizer {
  protected readonly memories: number;
  readonly #options: Required<Omit<SGDOptions, "lr">>;

  constructor(
    parameters: Iterable<Parameter>,
    { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: SGDOptions = {},
  ) {
    super(parameters, lr);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new RangeError("nesterov needs a momentum, and no dampening");
    }
    requireNumber("momentum", momentum, 0, Infinity);
    requireNumber("weightDecay", weightDecay, 0, Infinity);
    this.memories = momentum === 0 ? 0 : 1;
    this.#options = { momentum, dampening, weightDecay, nesterov };
  }

  protected override rule(step: number): UpdateRule {
    return { kind: "sgd", lr: this.lr, ...this.#options, first: step === 1 };
  }
}

export interface AdamOptions {
  /** 0.001 unless given. */
  readonly lr?: number;
  /** 0.9 and 0.999 unless given. */
  readonly betas?: readonly [number, number];
  /** 1e-8 unless given. */
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Kingma and Ba 2014. Weight decay is added to the gradient. */
export class Adam extends Optimizer {
  protected readonly memories = 2;
  readonly #options: { beta1: number; beta2: number; eps: number; weightDecay: number };

  constructor(
    parameters: Iterable<Parameter>,
    { lr = 1e-3, betas: [beta1, beta2] = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions = {},
  ) {
    super(parameters, lr);
    requireNumber("betas[0]", beta1, 0, 1);
    requireNumber("betas[1]", beta2, 0, 1);
    requireNumber("eps", eps, 0, Infinity);
    requireNumber("weightDecay", weightDecay, 0, Infinity);
    this.#options = { beta1, beta2, eps, weightDecay };
  }

  protected override rule(step: number): UpdateRule {
    return { kind: "adam", lr: this.lr, ...this.#options, step };
  }
}
