/** Activations as the compiler would describe them, written by hand. */
import { type Activation, applyActivation, full, Module, Parameter, type Tensor } from "activation-compiler/runtime";

const head = (entry: string): string => `
@compute @workgroup_size(64)
fn ${entry}(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (workgroup.y * workgroups.x + workgroup.x) * 64u + lane;`;

const reluCode = `
struct Uniforms { size: u32 }
@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;
${head("relu_forward")}
  if (i >= (u.size + 3u) / 4u) { return; }
  y[i] = select(vec4<f32>(), x[i], x[i] > vec4<f32>());
}
${head("relu_backward")}
  if (i >= (u.size + 3u) / 4u) { return; }
  dx[i] = select(vec4<f32>(), dy[i], x[i] > vec4<f32>());
}`;

const vectors = { over: "size", perWorkgroup: 256, uniforms: ["size"] } as const;

export const reluActivation: Activation = {
  name: "relu",
  inputs: ["x"],
  hyperparameters: [],
  learned: [],
  axis: false,
  cpu: {
    forward: (x: Float32Array, y: Float32Array): void => x.forEach((value, i) => (y[i] = value > 0 ? value : 0)),
    backward: (dy: Float32Array, x: Float32Array, dx: Float32Array): void =>
      x.forEach((value, i) => (dx[i] = value > 0 ? dy[i]! : 0)),
  },
  webgpu: {
    code: reluCode,
    forward: [
      {
        entryPoint: "relu_forward",
        ...vectors,
        bindings: [
          [0, "uniforms"],
          [1, "input x"],
          [3, "output"],
        ],
      },
    ],
    backward: [
      {
        entryPoint: "relu_backward",
        ...vectors,
        bindings: [
          [0, "uniforms"],
          [1, "input x"],
          [2, "cotangent"],
          [4, "gradient x"],
        ],
      },
    ],
  },
};

export const relu = (x: Tensor): Tensor => applyActivation(reluActivation, { inputs: [x] });

export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** prelu(x; gain; learn weight[channel]) = gain * where(x > 0, x, weight * x): all kinds of arguments. */
function preluForward(
  x: Float32Array,
  weight: Float32Array,
  gain: number,
  y: Float32Array,
  channelOuter: number,
  channels: number,
  channelInner: number,
): void {
  if (weight.length !== channels) throw new Error(`weight has length ${weight.length}, not ${channels}`);
  if (x.length !== channelOuter * channels * channelInner) throw new Error("the extents do not fit");
  x.forEach(
    (value, i) => (y[i] = gain * (value > 0 ? value : weight[Math.floor(i / channelInner) % channels]! * value)),
  );
}

function preluBackward(
  dy: Float32Array,
  x: Float32Array,
  weight: Float32Array,
  gain: number,
  dx: Float32Array,
  dweight: Float32Array,
  _channelOuter: number,
  channels: number,
  channelInner: number,
): void {
  const sums = new Float64Array(channels);
  x.forEach((value, i) => {
    const c = Math.floor(i / channelInner) % channels;
    dx[i] = gain * dy[i]! * (value > 0 ? 1 : weight[c]!);
    sums[c]! += value > 0 ? 0 : gain * dy[i]! * value;
  });
  dweight.set(sums);
}

const preluCode = `
struct Uniforms { size: u32, outer: u32, channels: u32, inner: u32, gain: f32 }
@group(0) @binding(0) var<uniform> u: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(7) var<storage, read_write> parts: array<f32>;
${head("prelu_forward")}
  if (i >= u.size) { return; }
  y[i] = u.gain * x[i] * select(weight[i / u.inner % u.channels], 1.0, x[i] > 0.0);
}
${head("prelu_backward")}
  if (i >= u.size) { return; }
  let positive = x[i] > 0.0;
  dx[i] = u.gain * dy[i] * select(weight[i / u.inner % u.channels], 1.0, positive);
  parts[i] = select(u.gain * dy[i] * x[i], 0.0, positive);
}
${head("prelu_sums")}
  if (i >= u.channels) { return; }
  var sum = 0.0;
  for (var o = 0u; o < u.outer; o++) {
    for (var k = 0u; k < u.inner; k++) { sum += parts[(o * u.channels + i) * u.inner + k]; }
  }
  dweight[i] = sum;
}`;

const scalars = {
  perWorkgroup: 64,
  uniforms: ["size", "channelOuter", "channels", "channelInner", "hyperparameter gain"],
} as const;
const scratch = "scratch channels * 1 * ceil(size / channels)";

export const preluActivation: Activation = {
  name: "prelu",
  inputs: ["x"],
  hyperparameters: ["gain"],
  learned: [{ name: "weight", shape: "channel" }],
  axis: false,
  cpu: { forward: preluForward, backward: preluBackward },
  webgpu: {
    code: preluCode,
    forward: [
      {
        entryPoint: "prelu_forward",
        over: "size",
        ...scalars,
        bindings: [
          [0, "uniforms"],
          [1, "input x"],
          [2, "learned weight"],
          [3, "output"],
        ],
      },
    ],
    backward: [
      {
        entryPoint: "prelu_backward",
        over: "size",
        ...scalars,
        bindings: [
          [0, "uniforms"],
          [1, "input x"],
          [2, "learned weight"],
          [4, "cotangent"],
          [5, "gradient x"],
          [7, scratch],
        ],
      },
      {
        entryPoint: "prelu_sums",
        over: "channels",
        ...scalars,
        bindings: [
          // Bound, though this pass does not use it.
          [1, "input x"],
          [0, "uniforms"],
          [6, "gradient weight"],
          [7, scratch],
        ],
      },
    ],
  },
};

export const prelu = (x: Tensor, weight: Tensor, gain = 1): Tensor =>
  applyActivation(preluActivation, { inputs: [x], learned: [weight], hyperparameters: [gain] });

export class PReLU extends Module {
  readonly weight: Parameter;

  constructor({
    numParameters = 1,
    weight = 0.25,
  }: { readonly numParameters?: number; readonly weight?: number } = {}) {
    super();
    this.weight = new Parameter(full([numParameters], weight));
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }
}

/** gate(x, z; learn scale[d], offset) = scale * x * z + offset, on the CPU only; two inputs, and an axis. */
export const gateActivation: Activation = {
  name: "gate",
  inputs: ["x", "z"],
  hyperparameters: [],
  learned: [
    { name: "scale", shape: "axis" },
    { name: "offset", shape: "scalar" },
  ],
  axis: true,
  cpu: {
    forward: (
      x: Float32Array,
      z: Float32Array,
      scale: Float32Array,
      offset: Float32Array,
      y: Float32Array,
      _outer: number,
      length: number,
      inner: number,
    ): void => x.forEach((value, i) => (y[i] = scale[Math.floor(i / inner) % length]! * value * z[i]! + offset[0]!)),
    backward: (
      dy: Float32Array,
      x: Float32Array,
      z: Float32Array,
      scale: Float32Array,
      _offset: Float32Array,
      dx: Float32Array,
      dz: Float32Array,
      dscale: Float32Array,
      doffset: Float32Array,
      _outer: number,
      length: number,
      inner: number,
    ): void => {
      dscale.fill(0);
      doffset.fill(0);
      x.forEach((value, i) => {
        const d = Math.floor(i / inner) % length;
        dx[i] = dy[i]! * scale[d]! * z[i]!;
        dz[i] = dy[i]! * scale[d]! * value;
        dscale[d]! += dy[i]! * value * z[i]!;
        doffset[0]! += dy[i]!;
      });
    },
  },
};
