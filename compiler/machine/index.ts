export {
  emulate,
  emulateBatch,
  type EmulatedBatch,
  type EmulatedBatches,
  emulateFunctions,
  emulateResults,
  type EmulationOptions,
  emulateValues,
  resultAt,
  run,
  type RunOptions,
  runValues,
  typescriptNatBits,
  type Value,
} from "./emulate.js";
export { inline, type Inlined, type InlineOptions, isStraight } from "./inline.js";
export { intrinsics } from "./intrinsics.js";
export { type Library, readLibrary, usedBy } from "./library.js";
export { type DeclarationKind, type Rename, typescriptName } from "./naming.js";
export { machineName, readWgsl } from "./read-wgsl.js";
export { MachineError } from "./scan.js";
export type { Constant, Declaration, Expr, Function, Scalar, Statement, Struct, Type } from "./syntax.js";
export { printTypescript, type TypescriptOptions, type TypescriptPiece, typescriptPieces } from "./typescript.js";
export { intrinsicPieces, printWgsl, type WgslPiece, wgslPieces } from "./wgsl.js";
export { natBitsOf, wgslDeepNatBits, wgslNatBits } from "./wgsl-naturals.js";
export { typescriptIntBits, wgslIntBits } from "./javascript.js";
