import { describe, expect, it } from "vitest";
import { findSoftwareGpu, requestSoftwareDevice, requestValidatingDevice, validatingGpu } from "../webgpu/driver.js";

const broken = "@compute @workgroup_size(1) fn main() { let x: u32 = 1.5; }";
const double = `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { x[i] = 2.0 * x[i]; }`;

describe("the software driver", () => {
  it("runs here, or says why it does not", () => {
    const found = findSoftwareGpu();
    if (found.gpu === null) expect(found.reason).toMatch(/linux-x64|glibc/);
    else expect(found).toBe(findSoftwareGpu());
  });

  it.skipIf(findSoftwareGpu().gpu === null)("executes a kernel", async () => {
    const device = await requestSoftwareDevice();
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: double }), entryPoint: "main" },
    });
    const buffer = device.createBuffer({ size: 16, usage: 0x80 | 4 | 8 });
    device.queue.writeBuffer(buffer, 0, new Float32Array([1, 2, 3, 4]));
    const readable = device.createBuffer({ size: 16, usage: 1 | 8 });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    const entries = [{ binding: 0, resource: { buffer } }];
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(1);
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, readable, 0, 16);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(1);
    expect([...new Float32Array(readable.getMappedRange())]).toEqual([2, 4, 6, 8]);
  });
});

describe("the validating backend", () => {
  it("is a GPU that rejects a wrong shader", async () => {
    expect(validatingGpu()).toBeDefined();
    const device = await requestValidatingDevice();
    device.pushErrorScope("validation");
    device.createShaderModule({ code: broken });
    expect((await device.popErrorScope())?.message).toMatch(/error: cannot/);
    device.pushErrorScope("validation");
    device.createShaderModule({ code: double });
    expect(await device.popErrorScope()).toBeNull();
  });
});
