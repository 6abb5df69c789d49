import { it } from "vitest";
import { cpu, Module, randn, tensor, WebGpuDevice, type Device } from "activation-compiler/runtime";
import { requestSoftwareDevice } from "../webgpu/driver.js";
it("x", async () => {
  const generated: Record<string, any> = await import("/tmp/e2e/generated/index.ts" as string);
  const gpu = WebGpuDevice.from(await requestSoftwareDevice());
  const s=performance.now(); let n=0, bad=0;
  for (const [name, C] of Object.entries(generated)) {
    if (typeof C !== "function" || !(C.prototype instanceof Module)) continue;
    n++;
    try {
      const run = async (device: Device) => {
        const m = new C(); await m.to(device);
        const k = Math.max(1, m.forward.length);
        const xs = Array.from({length:k},(_,i)=>tensor(randn([4,6,5],{seed:i+1}).data(),{shape:[4,6,5],device,requiresGrad:true}));
        const y = m.call(...xs); y.mul(randn(y.shape,{seed:9,device})).sum().backward();
        return [await y.read(), ...await Promise.all(xs.map(x=>x.grad!.read())), ...await Promise.all(m.parameters().map((p:any)=>p.grad.read()))];
      };
      const [a,b] = [await run(cpu), await run(gpu)];
      let worst=0; a.forEach((v:any,i:number)=>v.forEach((x:number,j:number)=>{const d=Math.abs(x-b[i]![j]!)/(1+Math.abs(x)); worst=Math.max(worst,Number.isNaN(d)&&!(Number.isNaN(x)&&Number.isNaN(b[i]![j]!))?9:d||0)}));
      if(worst>1e-5){bad++;console.log("R",name,worst)}
    } catch(e){bad++;console.log("R",name,String(e).slice(0,300))}
  }
  console.log("R",n,"modules",bad,"bad",performance.now()-s,JSON.stringify(gpu.memory));
});
