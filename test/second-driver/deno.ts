import process from "node:process";
/**
 * The part that runs in Deno: loads the WGSL kernels that a folder of calls names and executes the calls.
 *
 *   deno run deno.mjs FOLDER GENERATED TARGET
 */
import { readCalls, type Done, writeResults } from "./exchange.js";
import { readGeneratedFolder } from "../harness/generated.js";
import { entryOf, type Generated, type WgslTarget } from "../harness/manifest.js";
import { WgslKernelSet } from "../harness/wgsl.js";

const [folder = "", generatedFolder = "", wanted] = process.argv.slice(2);
const target: WgslTarget = wanted === "wgsl-f16" ? wanted : "wgsl";
const navigator: { readonly gpu?: GPU } | undefined = Reflect.get(globalThis, "navigator");
const adapter = await navigator?.gpu?.requestAdapter();
if (!adapter) {
  console.error("Deno finds no WebGPU adapter: Debian's packages libvulkan1 and mesa-vulkan-drivers bring one");
  process.exit(1);
}
const device = await adapter.requestDevice({ requiredFeatures: target === "wgsl-f16" ? ["shader-f16"] : [] });
const generated = readGeneratedFolder(generatedFolder);

/** The kernels of one activation, or what the compiler has to say against them. */
async function load(name: string): Promise<WgslKernelSet | string> {
  const one: Generated = { ...generated, manifest: { ...generated.manifest, activations: [entryOf(generated, name)] } };
  device.pushErrorScope("validation");
  try {
    const kernels = await WgslKernelSet.load(device, one, undefined, target);
    const error = await device.popErrorScope();
    return error ? error.message : kernels;
  } catch (error) {
    const scoped = await device.popErrorScope();
    return scoped?.message ?? String(error);
  }
}

const loaded = new Map<string, WgslKernelSet | string>();
const done: Done[] = [];
for (const { name, kernel, call } of readCalls(folder)) {
  let kernels = loaded.get(name);
  if (kernels === undefined) loaded.set(name, (kernels = await load(name)));
  if (typeof kernels === "string") done.push({ rejected: kernels });
  else done.push({ outcome: await kernels.call(entryOf(generated, name), kernel, call) });
}
writeResults(folder, adapter.info.description, done);
process.exit(0);
