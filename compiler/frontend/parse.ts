// Temporary stand-in by the lead: to be overwritten.
import { lex, P } from "../../grammar/parse-expression.js";
import type { Clause, Definition, Parameter, Range } from "../../grammar/syntax.js";
import type { Diagnostic } from "../diagnostics.js";
import type { Source } from "../source.js";
export function parseSource(source: Source): { definitions: readonly Definition[]; diagnostics: readonly Diagnostic[] } {
  const defs: Definition[] = []; let doc: string[] = []; let start = -1; let at = 0; let docs: string[] = [];
  const flush = (end: number): void => { if (start >= 0) defs.push(one(source.text.slice(start, end), start, docs)); start = -1; };
  for (const line of source.text.split("\n")) {
    if (line.startsWith("##")) { doc.push(line.slice(2).replace(/^ /, "")); }
    else if (/^[A-Za-z_]/.test(line)) { flush(at); start = at; docs = doc; doc = []; }
    else if (line.startsWith("#")) doc = [];
    at += line.length + 1;
  }
  flush(source.text.length);
  return { definitions: defs, diagnostics: [] };
}
function one(text: string, off: number, documentation: string[]): Definition {
  const p = new P(lex(text.split("\n").map((l) => l.replace(/#.*/, (m) => " ".repeat(m.length))).join("\n")), off); const nm = () => { const t = p.next(); return { text: t.v, span: { start: off + t.s, end: off + t.e } }; };
  const name = nm(); p.eat("("); const inputs = []; const parameters: Parameter[] = [];
  while (p.peek() !== ")" && p.peek() !== ";") { inputs.push(nm()); if (p.peek() === ",") p.next(); }
  const span = name.span;
  const range = (): Range | null => { if (p.peek() !== "in") return null; p.next(); const l = p.next().v === "["; const low = p.or(); p.eat(","); const high = p.or(); const h = p.next().v === "]"; return { low: { value: low, closed: l }, high: { value: high, closed: h }, span }; };
  if (p.peek() === ";") { p.next(); while (p.peek() !== ")") {
    if (p.peek() === "axis") { p.next(); const n = nm(); p.eat("="); let neg = 1; if (p.peek() === "-") { p.next(); neg = -1; } parameters.push({ kind: "axis", name: n, default: neg * Number(p.next().v), span }); }
    else { const learn = p.peek() === "learn"; if (learn) p.next(); const n = nm(); let along = null; if (p.peek() === "[") { p.next(); along = nm(); p.eat("]"); } p.eat("="); const d = p.or(); const r = range(); parameters.push(learn ? { kind: "learned", name: n, along, default: d, range: r, span } : { kind: "hyperparameter", name: n, default: d, range: r, span }); }
    if (p.peek() === ",") p.next(); } }
  p.eat(")"); p.eat("="); const body = p.or(); const clauses: Clause[] = [];
  while (p.peek()) { const k = p.next().v; if (k === "let" || k === "grad") { const n = nm(); p.eat("="); clauses.push({ kind: k, name: n, value: p.or(), span }); } else if (k === "class") clauses.push({ kind: "class", name: nm(), span }); else if (k === "split") { let neg = 1; if (p.peek() === "-") { p.next(); neg = -1; } clauses.push({ kind: "split", axis: neg * Number(p.next().v), span }); } else throw new Error("clause " + k); }
  return { name, inputs, parameters, body, clauses, documentation, span: { start: off, end: off + text.length } };
}
