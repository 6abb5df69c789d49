/** Which instructions for vectors the engine has that this runs in. */

/** Multiplies and adds in one instruction, `f32x4.relaxed_madd`: a module that is valid where modules of such kernels are. */
const multipliesAndAdds = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // A type: three vectors give one; a function of it.
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7b, 0x7b, 0x7b, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfd, 0x85, 0x02, 0x0b],
);

/** Which of a file's two modules of kernels is run: the one for relaxed SIMD, where the engine takes it. */
export function vectorsHere(): "simd" | "relaxed-simd" {
  const engine: unknown = Reflect.get(globalThis, "WebAssembly");
  const validate: unknown = typeof engine === "object" && engine !== null ? Reflect.get(engine, "validate") : undefined;
  return typeof validate === "function" && validate(multipliesAndAdds) === true ? "relaxed-simd" : "simd";
}
