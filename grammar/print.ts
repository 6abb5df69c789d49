// Temporary stand-in by the lead: to be overwritten.
import type { Definition, Expression } from "./syntax.js";
export const printExpression = (e: Expression): string => JSON.stringify(e).slice(0, 40);
export const printDefinition = (d: Definition): string => `${d.name.text}(...)`;
