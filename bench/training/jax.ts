/** jax-js: the whole step as one compiled function. */
import { versionOf } from "../peers/peer.js";
import { learningRate, type OpenTrainer } from "./trainer.js";

/** An operation consumes its arguments; `ref` is one more reference to hand out. */
interface Tensor {
  readonly ref: Tensor;
  add(b: Tensor | number): Tensor;
  sub(b: Tensor): Tensor;
  mul(b: Tensor | number): Tensor;
  div(b: Tensor): Tensor;
  sum(): Tensor;
  reshape(shape: readonly number[]): Tensor;
  data(): Promise<Float32Array>;
  blockUntilReady(): Promise<Tensor>;
  dispose(): void;
}

type Unary = (x: Tensor) => Tensor;
type Tree = readonly Tensor[];
type Loss = (parameters: Tree, x: Tensor, y: Tensor) => Tensor;
type Step = (
  ...arguments_: [parameters: Tree, first: Tree, second: Tree, x: Tensor, y: Tensor, size: Tensor, root: Tensor]
) => [loss: Tensor, parameters: Tree, first: Tree, second: Tree];

interface Jax {
  readonly numpy: {
    readonly array: (values: Float32Array) => Tensor;
    readonly dot: (a: Tensor, b: Tensor) => Tensor;
    readonly sqrt: Unary;
  };
  readonly nn: { readonly relu: Unary; readonly silu: Unary; readonly logSoftmax: Unary };
  readonly valueAndGrad: (f: Loss) => (...arguments_: Parameters<Loss>) => [loss: Tensor, gradients: Tree];
  readonly jit: (f: Step) => Step;
  readonly init: (device: string) => Promise<unknown>;
  readonly defaultDevice: (device: string) => unknown;
}

const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];

export const openJax: OpenTrainer = async ({ inputs, hidden, classes, batch }, activation, weights) => {
  const name = "@jax-js/jax";
  const version = versionOf(name);
  // Where there are workers it takes several threads.
  Reflect.deleteProperty(globalThis, "Worker");
  const jax: Jax = await import(name);
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  const { numpy, nn } = jax;
  const loss: Loss = ([w1, b1, w2, b2], x, y) => {
    const h = nn[activation](numpy.dot(x, w1!).add(b1!));
    const logits = numpy.dot(h, w2!).add(b2!);
    return nn
      .logSoftmax(logits)
      .mul(y)
      .sum()
      .mul(-1 / batch);
  };
  const step = jax.jit((parameters, first, second, x, y, size, root) => {
    const [value, gradients] = jax.valueAndGrad(loss)(
      parameters.map((each) => each.ref),
      x,
      y,
    );
    const [p, m, v]: [Tensor[], Tensor[], Tensor[]] = [[], [], []];
    gradients.forEach((g, i) => {
      m.push(first[i]!.mul(beta1).add(g.ref.mul(1 - beta1)));
      v.push(second[i]!.mul(beta2).add(g.ref.mul(g).mul(1 - beta2)));
      const scale = numpy.sqrt(v[i]!.ref).div(root.ref).add(eps);
      p.push(parameters[i]!.sub(m[i]!.ref.mul(size.ref).div(scale)));
    });
    size.dispose();
    root.dispose();
    return [value, p, m, v];
  });
  const array = (values: Float32Array, shape: readonly number[]): Tensor => numpy.array(values).reshape(shape);
  const zeros = (shape: readonly number[]): Tensor => array(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const shapes = [[inputs, hidden], [hidden], [hidden, classes], [classes]] as const;
  let parameters: Tree = [
    array(weights.first, shapes[0]),
    zeros(shapes[1]),
    array(weights.second, shapes[2]),
    zeros(shapes[3]),
  ];
  let [first, second]: [Tree, Tree] = [shapes.map(zeros), shapes.map(zeros)];
  let last: Tensor | null = null;
  let steps = 0;
  return {
    name: "jax-js",
    description: `${name} ${version}, backend wasm, one thread; one jit of valueAndGrad and Adam`,
    async step({ images, labels }) {
      steps += 1;
      const wanted = new Float32Array(batch * classes);
      labels.forEach((label, row) => (wanted[row * classes + label] = 1));
      last?.dispose();
      [last, parameters, first, second] = step(
        parameters,
        first,
        second,
        array(images, [batch, inputs]),
        array(wanted, [batch, classes]),
        array(Float32Array.of(learningRate / (1 - beta1 ** steps)), []),
        array(Float32Array.of(Math.sqrt(1 - beta2 ** steps)), []),
      );
      await Promise.all([...parameters, ...first, ...second].map((each) => each.blockUntilReady()));
    },
    loss: async () => (await last?.ref.data())?.[0] ?? NaN,
  };
};
