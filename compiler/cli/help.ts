import type { CommandName } from "./arguments.js";
import {
  kernelDescriptions,
  kernelFamilies,
  saveChoices,
  saveDescriptions,
  shaderChoices,
  shaderDescriptions,
  targetDescriptions,
  targetNames,
  usualTargets,
} from "./targets.js";

const targetList = usualTargets.join(",");
const describedTargets = targetNames
  .map((name) => `${" ".repeat(23)}${name.padEnd(10)}${targetDescriptions[name]}`)
  .join("\n");

const kernelList = kernelFamilies.join(",");
const describedKernels = kernelFamilies
  .map((name) => `${" ".repeat(23)}${name.padEnd(15)}${kernelDescriptions[name]}`)
  .join("\n");

const describedSaves = saveChoices
  .map((name) => `${" ".repeat(23)}${name.padEnd(8)}${saveDescriptions[name]}`)
  .join("\n");

const describedShaders = shaderChoices
  .map((name) => `${" ".repeat(23)}${name.padEnd(8)}${shaderDescriptions[name]}`)
  .join("\n");

const general = `Usage: actc COMMAND [OPTIONS]

Compiles activation functions, written as formulas, into kernels, gradients and modules.

Commands:
  compile [FILE…|-]    write the code for all definitions
  check [FILE…]        the analysis of each activation and the errors of its kernels
  verify [FILE…]       how far kernels are off, measured thoroughly or proved
  explain FILE NAME    how the derivative came about
  init                 an acts.def to start from, and the npm script

  -h, --help           help; 'actc COMMAND --help' on a command
  -V, --version        the version

Exit status: 0 done; 1 the definitions have errors, or a check found something;
2 wrong usage, or a file that cannot be read or written; 70 a fault of actc.
`;

const topics: Readonly<Record<CommandName, string>> = {
  compile: `Usage: actc compile [FILE…|-] [OPTIONS]

Writes the code for all definitions in the FILEs ('-': standard input; none: acts.def).
Only files that changed are written; with any error, none is.

Options:
  -o, --out-dir DIR    where to write (default: generated)
      --target LIST    what to write (default: ${targetList}):
${describedTargets}
      --kernels LIST   which kernels of each activation (default:
                       ${kernelList}):
${describedKernels}
      --save WHAT      what the kernels 'saved' keep for backward (default: exact):
${describedSaves}
      --shaders HOW    how WGSL kernels compute (default: quick):
${describedShaders}
      --check          write nothing; exit 1 with a diff if anything would change
  -w, --watch          build now and after each change, until interrupted
      --stdout         print the code of one target instead of writing it
      --json           print one JSON object: ok, files, diagnostics
      --no-cache       neither use nor keep what earlier runs found out
      --no-lock        neither use nor write FILE's lock (acts.lock.json), which
                       spares searching, and changes no byte of the code
  -h, --help           this help

Environment: NO_COLOR and FORCE_COLOR turn colours off and on.
`,
  check: `Usage: actc check [FILE…] [OPTIONS]

The analysis of each activation in the FILEs (none: acts.def), and how far its
kernels are off: what certificates say, or what it measures itself in a moment.

Options:
      --target LIST    of ts,wgsl,wasm (default: ts,wgsl); wasm needs the package
                       'binaryen'
      --max-ulp N      exit 1 if a kernel is off by more than N units in the last
                       place, naming each
      --certificates   exit 1 if a certificate is stale that says "proved", or if
                       a kernel breaks its bound
      --shaders HOW    the WGSL kernels of 'compile --shaders HOW' (default: quick)
      --write          replace certificates that do not hold by what was measured
      --json           print one JSON object: ok, files, diagnostics, analysis,
                       accuracy
  -h, --help           this help
`,
  verify: `Usage: actc verify [FILE…] [OPTIONS]

How far the kernels of the activations in the FILEs (none: acts.def) are off, in
units in the last place of float32: at adversarial inputs, at a million inputs of
all exponents, and at adversarial values of each parameter.

Options:
      --exhaustive     execute all 2^32 inputs of activations of one input, at the
                       parameters' defaults; ctrl-C loses nothing
      --inputs N       so many inputs instead of a million, and as much fewer or more
                       at each value of a parameter
      --target LIST    of ts,wgsl,wasm (default: ts); wgsl needs the package
                       'webgpu', wasm needs 'binaryen'
      --shaders HOW    the WGSL kernels of 'compile --shaders HOW' (default: quick)
      --software       run WGSL on a driver in software
      --emulate        run WGSL without a device, every operation rounded
      --name LIST      these activations only
      --column LIST    of forward,d/dx and so on: these columns only
      --max-ulp N      exit 1 if a kernel is off by more than N, naming each
  -j, --jobs N         threads (default: one for each core)
      --write          write certificates: acts.certificates.json beside acts.def
      --json           print one JSON object: ok, files, diagnostics, certificates
  -h, --help           this help
`,
  explain: `Usage: actc explain FILE NAME [OPTIONS]

How the derivative of the activation NAME came about.

Options:
      --text           as text (default)
      --latex          as LaTeX
      --plot           as a plot in the terminal
      --json           print one JSON object: ok, files, diagnostics, text
  -h, --help           this help
`,
  init: `Usage: actc init [--json]

Writes an acts.def to start from into the current folder, and the script
"build:activations" into package.json if there is one.
`,
};

export const helpText = (topic: CommandName | undefined): string => (topic === undefined ? general : topics[topic]);
