import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  Adam,
  applyActivation,
  cpu,
  crossEntropyLoss,
  DeviceLostError,
  full,
  Linear,
  mseLoss,
  ones,
  randn,
  Sequential,
  SGD,
  tensor,
  tidy,
  type Tensor,
  WebGpuDevice,
  WebGpuError,
  webgpu,
  zeros,
} from "activation-compiler/runtime";
import { describe, expect, it } from "vitest";
import { requestSoftwareDevice } from "../webgpu/driver.js";
import { hasSoftwareGpu, requestWebGpu, sharedWebGpu } from "./devices.js";
import { PReLU, ReLU, relu, reluActivation } from "./stand-ins.js";

const network = (): Sequential =>
  new Sequential(new Linear(6, 16, { seed: 1 }), new PReLU(), new Linear(16, 3, { seed: 2 }));
const labels = [0, 1, 2, 0, 1, 2, 0, 1];

describe.skipIf(!hasSoftwareGpu)("WebGPU", () => {
  it("trains as the CPU does", async () => {
    const train = async (device: WebGpuDevice | typeof cpu): Promise<number[]> => {
      const model = await network().to(device);
      const optimiser = new Adam(model.parameters(), { lr: 0.01 });
      const losses: Tensor[] = [];
      for (let step = 0; step < 20; step++) {
        losses.push(
          tidy(() => {
            const loss = crossEntropyLoss(model.call(randn([8, 6], { seed: 5, device })), labels);
            optimiser.zeroGrad();
            loss.backward();
            optimiser.step();
            return loss;
          }),
        );
      }
      return Promise.all(losses.map(async (loss) => (await loss.read())[0]!));
    };
    const [onCpu, onGpu] = [await train(cpu), await train(await sharedWebGpu())];
    expect(onCpu.at(-1)!).toBeLessThan(onCpu[0]!);
    expect(onGpu).toEqual(onCpu.map((loss) => expect.closeTo(loss, 4)));
  });

  it("covers more elements than 65535 workgroups hold", async () => {
    const device = await requestWebGpu();
    const size = 65535 * 256 + 12345;
    // Numbers that tell positions apart and whose sum is exact.
    const values = Float32Array.from({ length: size }, (_, i) => (i % 7) - 3);
    const x = tensor(values, { device });
    const y = await x.mul(2).read();
    const rectified = await relu(x).read();
    let wrong = 0;
    for (let i = 0; i < size; i++) if (y[i] !== 2 * values[i]! || rectified[i] !== Math.max(values[i]!, 0)) wrong++;
    expect(wrong).toBe(0);
    expect([...(await x.sum().read())]).toEqual([values.reduce((a, b) => a + b, 0)]);
    device.destroy();
  });

  it("says that a tensor is too large for the device", async () => {
    const device = await sharedWebGpu();
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    expect(() => zeros([limit], { device })).toThrow(/is too large for this WebGPU device, whose limit is/);
  });

  it("reports a kernel that does not compile when something is read", async () => {
    const device = await requestWebGpu();
    const broken = { ...reluActivation, webgpu: { ...reluActivation.webgpu!, code: "fn relu_forward( {" } };
    const y = applyActivation(broken, { inputs: [ones([4], { device })] });
    await expect(y.read()).rejects.toThrow(WebGpuError);
    // It is reported once; the device goes on.
    expect([...(await ones([2], { device }).read())]).toEqual([1, 1]);
  });

  it("shares a device with other code, and takes one as it is", async () => {
    const gpu = await requestSoftwareDevice();
    const [a, b] = [await webgpu(gpu), WebGpuDevice.from(gpu)];
    expect([...(await ones([1], { device: a }).read())]).toEqual([1]);
    expect(() => ones([1], { device: a }).add(ones([1], { device: b }))).toThrow(/on two webgpu devices/);
    // @ts-expect-error an adapter is no device
    await expect(webgpu({ limits: gpu.limits })).rejects.toThrow(/this is no GPUDevice: get one by/);
    await expect(webgpu()).rejects.toThrow(/no WebGPU here \(navigator.gpu\): give a GPUDevice/);
  });

  it("waits until everything is done", async () => {
    const device = await sharedWebGpu();
    ones([10], { device }).mul(2);
    await expect(device.synchronize()).resolves.toBeUndefined();
  });
});

describe.skipIf(!hasSoftwareGpu)("GPU memory", () => {
  it("stays constant over 100 steps of training", async () => {
    const device = await requestWebGpu();
    const model = await network().to(device);
    const optimiser = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const step = (): Tensor =>
      tidy(() => {
        const loss = crossEntropyLoss(model.call(randn([8, 6], { device, seed: 1 })), labels);
        optimiser.zeroGrad();
        loss.backward();
        optimiser.step();
        return loss;
      });
    step().dispose();
    step().dispose();
    const before = device.memory;
    for (let i = 0; i < 100; i++) step().dispose();
    expect(device.memory).toEqual(before);
    await device.synchronize();
    // Parameters, gradients and momentum: 5 each.
    expect(before.buffers).toBe(15);
    device.destroy();
  });

  it("returns when the garbage collector finds tensors that nobody disposed of", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage: () => void = runInNewContext("gc");
    const device = await requestWebGpu();
    const make = (): void => {
      for (let i = 0; i < 50; i++) ones([1000], { device }).mul(2);
    };
    make();
    // Each: the ones, the 2, and the product.
    expect(device.memory.buffers).toBe(150);
    for (let i = 0; i < 10 && device.memory.buffers > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      collectGarbage();
    }
    expect(device.memory).toMatchObject({ buffers: 0, bytes: 0, idleBuffers: 150 });
    device.destroy();
  });

  it("is used again, and given back beyond a limit", async () => {
    const device = WebGpuDevice.from(await requestSoftwareDevice(), { idleBytes: 100_000 });
    const x = ones([10_000], { device });
    x.dispose();
    expect(device.memory).toEqual({ buffers: 0, bytes: 0, idleBuffers: 1, idleBytes: 40_000 });
    const again = zeros([10_000], { device });
    expect(device.memory).toEqual({ buffers: 1, bytes: 40_000, idleBuffers: 0, idleBytes: 0 });
    const many = [1, 2, 3].map(() => again.add(1));
    const copy = many[0]!.add(1);
    many.forEach((one) => one.dispose());
    expect(device.memory.idleBytes).toBe(0);
    expect((await copy.read())[9_999]).toBe(2);
  });

  it("keeps what was recorded apart from what is uploaded afterwards", async () => {
    const device = await requestWebGpu();
    const x = tensor([1, 2, 3, 4], { device });
    const doubled = x.mul(2);
    x.dispose();
    // Takes the buffer of x, which the product has yet to read.
    const other = tensor([5, 6, 7, 8], { device });
    expect([...(await doubled.read())]).toEqual([2, 4, 6, 8]);
    expect([...(await other.read())]).toEqual([5, 6, 7, 8]);
  });

  it("holds for more dispatches than one submission takes", async () => {
    const device = await sharedWebGpu();
    let x = zeros([3], { device });
    for (let i = 0; i < 500; i++) x = x.add(1);
    expect([...(await x.read())]).toEqual([500, 500, 500]);
  });
});

describe.skipIf(!hasSoftwareGpu)("a lost device", () => {
  it("is an error one can catch, and training goes on elsewhere", async () => {
    const gpu = await requestSoftwareDevice();
    const device = WebGpuDevice.from(gpu);
    const model = await new Sequential(new Linear(2, 4, { seed: 1 }), new ReLU(), new Linear(4, 1, { seed: 2 })).to(
      device,
    );
    const x = full([3, 2], 0.5, { device });
    const before = [...(await model.call(x).read())];
    const kept = await model.snapshot();

    const late = model.call(x);
    gpu.destroy();
    await expect(late.read()).rejects.toThrow(DeviceLostError);
    await expect(model.snapshot()).rejects.toThrow(DeviceLostError);
    await expect(model.to(cpu)).rejects.toThrow(DeviceLostError);
    await expect(device.synchronize()).rejects.toThrow(/the WebGPU device was lost \(destroyed/);
    expect(() => model.call(x)).toThrow(DeviceLostError);
    expect(() => ones([1], { device })).toThrow(DeviceLostError);
    x.dispose();

    for (const next of [cpu, await requestWebGpu()]) {
      const recovered = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 1));
      recovered.loadStateDict(kept);
      await recovered.to(next);
      const input = full([3, 2], 0.5, { device: next });
      expect([...(await recovered.call(input).read())]).toEqual(before.map((value) => expect.closeTo(value, 6)));
      const optimiser = new SGD(recovered.parameters(), { lr: 0.1 });
      mseLoss(recovered.call(input), zeros([3, 1], { device: next })).backward();
      optimiser.step();
      await recovered.snapshot();
    }
  });

  it("is noticed at once after destroy() of its own", async () => {
    const device = await requestWebGpu();
    const x = ones([2], { device });
    device.destroy();
    expect(() => x.add(1)).toThrow(DeviceLostError);
    await expect(x.read()).rejects.toThrow(DeviceLostError);
  });

  it("can be replaced under the same model", async () => {
    const device = await requestWebGpu();
    const model = await network().to(device);
    const kept = await model.snapshot();
    device.destroy();
    for (const next of [cpu, await requestWebGpu()]) {
      model.loadStateDict(kept, next);
      expect(await model.call(ones([1, 6], { device: next })).read()).toHaveLength(3);
    }
  });
});
