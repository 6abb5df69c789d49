import type { CommandName } from "./arguments.js";
import { targetDescriptions, targetNames } from "./targets.js";

const targetList = targetNames.join(",");
const describedTargets = targetNames
  .map((name) => `${" ".repeat(23)}${name.padEnd(8)}${targetDescriptions[name]}`)
  .join("\n");

const general = `Usage: actc COMMAND [OPTIONS]

Compiles activation functions, written as formulas, into kernels, gradients and modules.

Commands:
  compile [FILE…|-]    write the code for all definitions
  check [FILE…]        the analysis of each activation; writes nothing
  explain FILE NAME    how the derivative came about
  init                 an acts.def to start from, and the npm script

  -h, --help           help; 'actc COMMAND --help' on a command
  -V, --version        the version

Exit status: 0 done; 1 the definitions have errors, or --check found something;
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
      --check          write nothing; exit 1 with a diff if anything would change
  -w, --watch          build now and after each change, until interrupted
      --stdout         print the code of one target instead of writing it
      --json           print one JSON object: ok, files, diagnostics
      --no-cache       neither use nor keep what earlier runs found out
  -h, --help           this help

Environment: NO_COLOR and FORCE_COLOR turn colours off and on.
`,
  check: `Usage: actc check [FILE…] [--json]

The analysis of each activation in the FILEs (none: acts.def). Writes nothing.

Options:
      --json           print one JSON object: ok, files, diagnostics, analysis
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
