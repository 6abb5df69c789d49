// Prints the numbers in the texts of the float64 library, each polynomial with its error. Needs dist/.
import { constants, polynomials, tables } from "../dist/compiler/backend/library/coefficients/float64.js";

const literal = (x) => (Number.isInteger(x) ? x.toFixed(1) : String(x).replace("e+", "e"));

for (const [name, values] of Object.entries(tables())) {
  console.log(`const ${name}: array<f64, ${values.length}> = [${values.map(literal).join(", ")}];`);
}
for (const [name, value] of Object.entries(constants())) console.log(`${name}: ${literal(value)}`);
for (const [name, { coefficients, error }] of Object.entries(polynomials())) {
  console.log(`${name}: error ${error.toExponential(2)}`);
  for (const coefficient of coefficients) console.log(`  ${literal(coefficient)}`);
}
