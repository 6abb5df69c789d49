export { emulateVectors } from "./emulate.js";
export { expandCall } from "./functions.js";
export { formats, isDouble, type Lanes, nodesOf, VectorGraph, type VectorNode } from "./graph.js";
export { constantName, constantsOf, type CodeOptions, copyName, type VectorCode, vectorCode } from "./text.js";
