/** This project: the kernels of generated/, called by the manifest. */
import { type ActivationEntry, type Call, entryOf, type Generated, type Outcome } from "../../test/harness/manifest.js";
import { readGeneratedFolder } from "../../test/harness/generated.js";
import { TypeScriptKernelSet } from "../../test/harness/typescript.js";
import { WgslKernelSet } from "../../test/harness/wgsl.js";
import { requestSoftwareDevice } from "../../test/webgpu/driver.js";
import { activationNames } from "../accuracy/activations.js";
import type { Peer, Task } from "./peer.js";

export function readKernels(folder: string): Generated {
  const all = readGeneratedFolder(folder);
  const wanted = new Set<string>(activationNames);
  const activations = all.manifest.activations.filter(({ name }) => wanted.has(name));
  return { ...all, manifest: { ...all.manifest, activations } };
}

/** Parameters are what float32 has, for every candidate alike. */
function callOf(entry: ActivationEntry, { inputs }: Task): Call {
  const parameters = [...entry.hyperparameters, ...entry.learned].map(
    ({ name, default: value }) => [name, Math.fround(value)] as const,
  );
  return {
    shape: [inputs.length],
    inputs: { [entry.inputs[0] ?? ""]: inputs },
    cotangent: new Float32Array(inputs.length).fill(1),
    parameters: Object.fromEntries(parameters),
  };
}

function resultOf(entry: ActivationEntry, { kind }: Task, { output, gradients }: Outcome): Float32Array {
  const result = kind === "value" ? output : gradients[entry.inputs[0] ?? ""];
  if (!(result instanceof Float32Array)) throw new Error(`${entry.name} wrote no ${kind}`);
  return result;
}

export async function openTypeScript(generated: Generated): Promise<Peer> {
  const kernels = await TypeScriptKernelSet.load(generated);
  return {
    name: "actc TypeScript",
    description: `activation-compiler ${generated.manifest.version}, kernels for Float32Array`,
    own: new Set(activationNames),
    derives: true,
    run(task) {
      const entry = entryOf(generated, task.name);
      const outcome = kernels.call(entry, task.kind === "value" ? "forward" : "backward", callOf(entry, task));
      return Promise.resolve(resultOf(entry, task, outcome));
    },
  };
}

export async function openWgsl(generated: Generated): Promise<Peer> {
  const device = await requestSoftwareDevice();
  const kernels = await WgslKernelSet.load(device, generated);
  return {
    name: "actc WGSL",
    description: `activation-compiler ${generated.manifest.version}, kernels on Dawn and SwiftShader`,
    own: new Set(activationNames),
    derives: true,
    async run(task) {
      const entry = entryOf(generated, task.name);
      const outcome = await kernels.call(entry, task.kind === "value" ? "forward" : "backward", callOf(entry, task));
      return resultOf(entry, task, outcome);
    },
  };
}
