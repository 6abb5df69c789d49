// Temporary stand-in by the lead: overwritten by the grammar's own.
import type { Expression, BinaryOperator, ComparisonOperator } from "./syntax.js";
type T = { k: string; v: string; s: number; e: number };
export function lex(text: string): T[] {
  const out: T[] = []; const re = /\s+|#.*|(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*\/^()<>,=;\[\]])/gy;
  for (let m = re.exec(text); m; m = re.exec(text)) { if (m[1]) out.push({ k: "n", v: m[1], s: m.index, e: re.lastIndex }); else if (m[2]) out.push({ k: "i", v: m[2], s: m.index, e: re.lastIndex }); else if (m[3]) out.push({ k: m[3], v: m[3], s: m.index, e: re.lastIndex }); }
  return out;
}
export class P { i = 0; constructor(public t: T[], public off = 0) {}
  peek() { return this.t[this.i]?.v ?? ""; } next() { return this.t[this.i++]!; }
  eat(v: string) { if (this.peek() !== v) throw new Error(`expected ${v} got ${this.peek()}`); return this.next(); }
  span(s: number) { return { start: this.off + (this.t[s]?.s ?? 0), end: this.off + (this.t[this.i - 1]?.e ?? 0) }; }
  or(): Expression { const s = this.i; let l = this.and(); while (this.peek() === "or") { this.next(); const r = this.and(); l = { kind: "or", left: l, right: r, span: this.span(s) }; } return l; }
  and(): Expression { const s = this.i; let l = this.not(); while (this.peek() === "and") { this.next(); const r = this.not(); l = { kind: "and", left: l, right: r, span: this.span(s) }; } return l; }
  not(): Expression { const s = this.i; if (this.peek() === "not") { this.next(); const o = this.not(); return { kind: "not", operand: o, span: this.span(s) }; } return this.cmp(); }
  cmp(): Expression { const s = this.i; const o = [this.sum()]; const ops: ComparisonOperator[] = []; while (["<", "<=", ">", ">=", "==", "!="].includes(this.peek())) { ops.push(this.next().v as ComparisonOperator); o.push(this.sum()); } return ops.length ? { kind: "comparison", operators: ops, operands: o, span: this.span(s) } : o[0]!; }
  sum(): Expression { const s = this.i; let l = this.prod(); while (["+", "-"].includes(this.peek())) { const op = this.next().v as BinaryOperator; const r = this.prod(); l = { kind: "binary", operator: op, left: l, right: r, span: this.span(s) }; } return l; }
  prod(): Expression { const s = this.i; let l = this.un(); while (["*", "/"].includes(this.peek())) { const op = this.next().v as BinaryOperator; const r = this.un(); l = { kind: "binary", operator: op, left: l, right: r, span: this.span(s) }; } return l; }
  un(): Expression { const s = this.i; if (this.peek() === "-") { this.next(); const o = this.un(); return { kind: "negate", operand: o, span: this.span(s) }; } return this.pow(); }
  pow(): Expression { const s = this.i; const b = this.atom(); if (this.peek() === "^") { this.next(); const e = this.un(); return { kind: "binary", operator: "^", left: b, right: e, span: this.span(s) }; } return b; }
  atom(): Expression { const s = this.i; const t = this.next(); if (t.k === "(") { const e = this.or(); this.eat(")"); return e; } if (t.k === "n") return { kind: "number", text: t.v, span: this.span(s) };
    if (t.k !== "i") throw new Error("unexpected " + t?.v);
    let axis: Extract<Expression, { kind: "call" }>["axis"] = null;
    if (this.peek() === "[") { this.next(); let neg = 1; if (this.peek() === "-") { this.next(); neg = -1; } const a = this.next(); this.eat("]"); axis = a.k === "n" ? { kind: "integer", value: neg * Number(a.v), span: this.span(s) } : { kind: "name", name: a.v, span: this.span(s) }; }
    if (this.peek() === "(") { this.next(); const pos: Expression[] = []; const named: { name: { text: string; span: { start: number; end: number } }; value: Expression }[] = []; while (this.peek() !== ")") { if (this.t[this.i + 1]?.v === "=" ) { const n = this.next(); this.eat("="); named.push({ name: { text: n.v, span: { start: n.s, end: n.e } }, value: this.or() }); } else pos.push(this.or()); if (this.peek() === ",") this.next(); } this.eat(")"); return { kind: "call", callee: { text: t.v, span: { start: t.s, end: t.e } }, axis, positional: pos, named, span: this.span(s) }; }
    return { kind: "name", name: t.v, span: this.span(s) }; } }
export const parseExpression = (text: string): Expression => new P(lex(text)).or();
