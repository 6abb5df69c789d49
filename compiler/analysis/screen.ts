/** One screen for each activation: what it is, what it does, what can be trusted and where its weak spot is. */
import type { Kink } from "../calculus/kinks.js";
import { numberText } from "../printing/definition-text.js";
import type { AnalysisFacts, ExtremeFact, GainFact } from "./facts/facts.js";
import { type Figure, figureText, type SpanFact } from "./facts/figure.js";
import type { Break, FiniteFact, FiniteFacts } from "./facts/finite.js";
import { heldAt, type LimitPair } from "./facts/inputs.js";
import { wrapped } from "./wrap.js";

/** What measurements say, from those who measure. */
export interface Trust {
  /** Lines of the screen, each under a label of at most eleven characters. */
  readonly lines: readonly (readonly [label: string, text: string])[];
  /** Where the error is largest, if that is worth a word. */
  readonly weakSpot: string | null;
}

export interface ScreenContent {
  readonly formula: readonly string[];
  readonly place: string;
  readonly inputs: readonly string[];
  /** What each derivative is called, and reads. */
  readonly derivatives: readonly (readonly [label: string, text: string])[];
  readonly isRandom: boolean;
  readonly kinks: readonly Kink[];
  readonly parameters: readonly string[];
  readonly learned: readonly string[];
  /** Parameters with a range. */
  readonly ranged: readonly string[];
  readonly facts: AnalysisFacts | null;
  /** What backward keeps. */
  readonly keeps: string;
  readonly trust: Trust | null;
}

const width = 80;
const labelWidth = 11;

export function screenText(content: ScreenContent): string {
  const lines = content.formula.flatMap((line) => wrapped(line, width, "", "      "));
  const entry = (label: string, text: string): void => {
    const indent = `  ${label.padEnd(labelWidth)} `;
    lines.push(...wrapped(text, width, indent, " ".repeat(indent.length)));
  };
  entry("at", content.place);
  for (const text of content.parameters) entry("parameter", text);
  for (const text of content.learned) entry("learned", text);
  for (const [label, text] of content.derivatives) entry(label, text);
  if (content.isRandom) entry("random", "draws in training; what follows is about evaluation");
  for (const kink of kinksInOrder(content.kinks)) entry(kink.continuous ? "kink" : "jump", kinkText(kink));
  if (content.facts)
    for (const [label, text] of factLines(content.facts, content.inputs, content.ranged)) entry(label, text);
  entry("keeps", content.keeps);
  for (const [label, text] of content.trust?.lines ?? []) entry(label, text);
  const weak = [content.trust?.weakSpot ?? [], weakSpot(content) ?? []].flat();
  if (content.facts || content.trust) entry("weak spot", weak.length > 0 ? weak.join("; ") : "none found");
  return `${lines.join("\n")}\n`;
}

const kinksInOrder = (kinks: readonly Kink[]): readonly Kink[] =>
  [...kinks].sort((a, b) => (a.input === b.input ? a.point - b.point : 0));

const kinkPlace = ({ input, at }: Kink): string => (at.includes("=") ? at : `${input.name} = ${at}`);

function kinkText(kink: Kink): string {
  const { value, left, right, chosen } = kink;
  const slopes = left === right ? `${left} on both sides` : `${left} left, ${right} right`;
  return `${kinkPlace(kink)}: value ${value}, derivative ${slopes}, chosen ${chosen}`;
}

type Line = readonly [label: string, text: string];

function factLines(facts: AnalysisFacts, inputs: readonly string[], ranged: readonly string[]): Line[] {
  const [x = "x"] = inputs;
  const lines: Line[] = finiteTexts(facts, ranged).map((text): Line => ["finite", text]);
  const several = inputs.length > 1;
  if (facts.domain && !isLine(facts.domain)) lines.push(["domain", domainText(facts.domain, x)]);
  if (facts.range) {
    const text = rangeText(facts.range, x);
    if (text !== null) lines.push(["range", text]);
  }
  for (const input of inputs) {
    const limits = facts.limits[input];
    if (!limits) continue;
    const given = several ? `in ${input}: ` : "";
    const text = [limitText(limits.value), limitText(limits.gradient)];
    if (text[0] === "" && text[1] === "") continue;
    lines.push(["limits", `${given}${text[0] || "none found"}; d/d${input} ${text[1] || "none found"}`]);
  }
  if (several) lines.push(["", `(the others held at ${heldAt})`]);
  if (facts.monotone) lines.push(["monotone", monotoneText(facts.monotone, x)]);
  const bounded = inputs.flatMap((input) => slopeText(facts.steepest[input] ?? null, input, several) ?? []);
  if (bounded.length > 0) lines.push(["slope", bounded.join("; ")]);
  if (facts.dead && facts.dead.length > 0) lines.push(["dead", `d/d${x} is 0 for ${spansText(facts.dead, x)}`]);
  if (facts.vanishes) {
    const text = vanishText(facts.vanishes, x);
    if (text !== null) lines.push(["vanishes", text]);
  }
  if (facts.float16) lines.push(["float16", float16Text(facts.float16, x)]);
  if (facts.gain) lines.push(["gain", gainText(facts.gain)]);
  return lines;
}

const isLine = ([only, ...others]: readonly SpanFact[]): boolean =>
  others.length === 0 && only?.from === "-inf" && only.to === "inf";

/** The columns by the names they have on the screen. */
const named = ({ value, gradients }: FiniteFacts): (readonly [string, FiniteFact])[] => [
  ["value", value],
  ...Object.entries(gradients).map(([of, fact]) => [`d/d${of}`, fact] as const),
];

/** Those of one fate in one line. */
function finiteTexts({ finite, finiteOverRanges }: AnalysisFacts, ranged: readonly string[]): string[] {
  const overRanges = new Map(finiteOverRanges ? named(finiteOverRanges) : []);
  const [only, ...others] = ranged;
  const whatever = others.length > 0 ? "all parameters in their ranges" : `${only ?? ""} in its range`;
  const groups = new Map<
    string,
    { readonly names: readonly string[]; readonly fact: FiniteFact; readonly holds: boolean }
  >();
  for (const [name, fact] of named(finite)) {
    const holds = fact.verdict === "proved" && overRanges.get(name)?.verdict === "proved";
    const key = holds ? "ranges" : JSON.stringify(fact);
    const group = groups.get(key) ?? { names: [], fact, holds };
    groups.set(key, { ...group, names: [...group.names, name] });
  }
  return [...groups.values()].map(({ names, fact, holds }) => {
    const text = holds ? `for every float32 input and ${whatever} (proved)` : finiteText(fact, names.length > 1);
    return `${list(names)} ${text}`;
  });
}

const list = (names: readonly string[]): string =>
  names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;

function finiteText({ verdict, at, breaks, restProved, how }: FiniteFact, several: boolean): string {
  switch (verdict) {
    case "proved":
      return "for every float32 input (proved)";
    case "undecided":
      return "not decided";
    case "breaks": {
      if (breaks) {
        const [input = "x"] = Object.keys(at ?? {});
        const parts = (["overflow", "undefined"] as const).flatMap((kind) => {
          const spans = breaks.filter((each) => each.how === kind);
          return spans.length > 0 ? [`${breakText(kind, several)} for ${spansText(spans, input)}`] : [];
        });
        return `${parts.join(", ")}; ${restProved === true ? "finite elsewhere (proved)" : "elsewhere not decided"}`;
      }
      const place = Object.entries(at ?? {}).map(([name, value]) => `${name} = ${figureText(value)}`);
      return `${breakText(how ?? "undefined", several)}, for instance at ${place.join(", ")}`;
    }
  }
}

function breakText(how: Break, several = false): string {
  if (how === "overflow") return several ? "overflow" : "overflows";
  return several ? "do not exist" : "does not exist";
}

/** More places than this are counted. */
const mostSpans = 4;

/** `x <= -3 and x >= 3`, or shorter where both sides are alike. */
export function spansText(spans: readonly SpanFact[], x: string, ends: Figure = "inf"): string {
  const bare = spans.map((span) => withoutEnds(span, ends));
  const [first, second, ...others] = bare;
  if (first && second && others.length === 0 && isMirror(first, second)) {
    if (second.to === "inf" && second.from === 0 && !second.fromIncluded) return `${x} != 0`;
    return oneSpan({ ...second }, `|${x}|`);
  }
  if (
    first &&
    !second &&
    typeof first.to === "number" &&
    first.from === -first.to &&
    first.fromIncluded === first.toIncluded
  ) {
    if (first.to === 0) return `${x} = 0`;
    return `|${x}| ${first.toIncluded ? "<=" : "<"} ${figureText(first.to)}`;
  }
  const told = bare.slice(0, mostSpans).map((span) => oneSpan(span, x));
  return [...told, ...(bare.length > mostSpans ? [`at ${bare.length - mostSpans} more places`] : [])].join(" and ");
}

/** `every x but 1 and 2`, where single numbers are missing. */
function domainText(spans: readonly SpanFact[], x: string): string {
  const missing = spans.slice(1).map(({ from }) => from);
  const holes = missing.every((end, i) => spans[i]?.to === end && spans[i]?.toIncluded === false);
  if (spans.length < 2 || !holes || spans[0]?.from !== "-inf" || spans.at(-1)?.to !== "inf") return spansText(spans, x);
  const told = missing.slice(0, mostSpans).map(figureText);
  return `every ${x} but ${list(missing.length > mostSpans ? [...told, `${missing.length - mostSpans} more`] : told)}`;
}

function withoutEnds({ from, to, fromIncluded, toIncluded }: SpanFact, ends: Figure): SpanFact {
  const [outerLow, outerHigh] = typeof ends === "number" ? [-ends, ends] : ["-inf", "inf"];
  return {
    from: from === outerLow ? "-inf" : from,
    to: to === outerHigh ? "inf" : to,
    fromIncluded: from !== outerLow && fromIncluded,
    toIncluded: to !== outerHigh && toIncluded,
  };
}

function isMirror(a: SpanFact, b: SpanFact): boolean {
  const opposite = (p: Figure, q: Figure): boolean =>
    typeof p === "number" && typeof q === "number" ? p === -q : p !== q && typeof p === typeof q;
  return (
    opposite(a.from, b.to) &&
    opposite(a.to, b.from) &&
    a.fromIncluded === b.toIncluded &&
    a.toIncluded === b.fromIncluded
  );
}

function oneSpan({ from, to, fromIncluded, toIncluded }: SpanFact, x: string): string {
  if (from === "-inf" && to === "inf") return `every ${x}`;
  if (from === to) return `${x} = ${figureText(from)}`;
  if (from === "-inf") return `${x} ${toIncluded ? "<=" : "<"} ${figureText(to)}`;
  if (to === "inf") return `${x} ${fromIncluded ? ">=" : ">"} ${figureText(from)}`;
  return `${figureText(from)} ${fromIncluded ? "<=" : "<"} ${x} ${toIncluded ? "<=" : "<"} ${figureText(to)}`;
}

function rangeText({ least, greatest }: NonNullable<AnalysisFacts["range"]>, x: string): string | null {
  if (!least || !greatest) return null;
  if (least.value === greatest.value) return `${figureText(least.value)} alone`;
  const [open, close] = [least.attained ? "[" : "(", greatest.attained ? "]" : ")"];
  const at = (name: string, { value, at: place, attained }: ExtremeFact): string[] =>
    typeof place === "number" && typeof value === "number"
      ? [`${attained ? name : `${name} approached`} at ${x} = ${figureText(place)}`]
      : [];
  const places = [...at("least", least), ...at("greatest", greatest)];
  return [`${open}${figureText(least.value)}, ${figureText(greatest.value)}${close}`, ...places].join(", ");
}

function limitText(limits: LimitPair): string {
  const [low, high] = limits;
  if (low !== null && low === high) return `${figureText(low)} at both ends`;
  return limits
    .flatMap((limit, i) => (limit === null ? [] : [`${figureText(limit)} at ${i === 0 ? "-inf" : "inf"}`]))
    .join(", ");
}

function monotoneText({ pieces, turns, within }: NonNullable<AnalysisFacts["monotone"]>, x: string): string {
  if (!pieces) {
    const where = within === Infinity ? "" : ` for |${x}| <= ${figureText(within)}`;
    return turns > 0 ? `turns ${turns} times${where}` : "more pieces than are listed";
  }
  const [only] = pieces;
  const verbs = { rises: "rises", falls: "falls", constant: "constant", unknown: "not decided" } as const;
  if (pieces.length === 1 && only)
    return `${verbs[only.direction]} ${only.direction === "constant" ? "" : "throughout"}`.trim();
  const texts = pieces.map(({ direction, to }, i) => {
    const jumps = pieces[i - 1]?.direction === direction ? "jumps, " : "";
    const last = i === pieces.length - 1;
    const end = last
      ? ""
      : `${direction === "constant" || direction === "unknown" ? " up to" : " to"} ${figureText(to)}`;
    return `${jumps}${last ? "then " : ""}${verbs[direction]}${end}`;
  });
  return texts.join(", ");
}

function slopeText(extreme: ExtremeFact | Figure | null, x: string, several: boolean): string | null {
  if (extreme === null) return null;
  const name = several ? `|d/d${x}| ` : "";
  if (typeof extreme !== "object") {
    return extreme === "inf" ? `${name}without bound` : `${name}at most ${figureText(extreme)}`;
  }
  const { value, at, attained } = extreme;
  if (value === "inf")
    return `without bound, towards ${typeof at === "object" ? spansText([at], x) : placeText(at, x)}`;
  if (typeof at === "object") {
    return at.from === "-inf" && at.to === "inf"
      ? `${figureText(value)} everywhere`
      : `at most ${figureText(value)}, for ${spansText([at], x)}`;
  }
  return `at most ${figureText(value)}, ${attained ? "at" : "approached at"} ${placeText(at, x)}`;
}

const placeText = (at: Figure, x: string): string => (typeof at === "number" ? `${x} = ${figureText(at)}` : at);

/** A zone so narrow is met by no input. */
const narrow = 1e-6;
const matters = ({ from, to }: SpanFact): boolean =>
  [from, to].some((end) => typeof end !== "number" || Math.abs(end) > narrow);

function vanishText({ float32, float16 }: NonNullable<AnalysisFacts["vanishes"]>, x: string): string | null {
  const [wide, half] = [float32.filter(matters), float16.filter(matters)];
  if (wide.length + half.length === 0) return null;
  const inHalf = half.length > 0 ? spansText(half, x, 65504) : "";
  if (wide.length === 0) return `d/d${x} rounds to 0 in float16 for ${inHalf}`;
  return `d/d${x} rounds to 0 for ${spansText(wide, x)}${inHalf === "" ? "" : ` (float16: ${inHalf})`}`;
}

function float16Text(spans: readonly SpanFact[], x: string): string {
  if (spans.length === 0) return "nowhere value and gradient";
  return `value and gradient for ${spansText(spans, x, 65504)}`;
}

function gainText({ forward, backward, mean }: GainFact): string {
  const text = (gain: Figure | null): string => (gain === null ? "no" : figureText(gain));
  return `${text(forward)} forward, ${text(backward)} backward; mean ${figureText(mean)}`;
}

/** What a user should know first: what may hurt most, at inputs that are met. */
function weakSpot({ facts, kinks, inputs }: ScreenContent): string | null {
  if (!facts) return null;
  const [x = "x"] = inputs;
  const columns = named(facts.finite);
  for (const [name, { breaks }] of columns) {
    const near = breaks?.filter(isNear) ?? [];
    for (const how of ["undefined", "overflow"] as const) {
      const spans = near.filter((each) => each.how === how);
      if (spans.length > 0) return `${name} ${breakText(how)} for ${spansText(spans, x)}`;
    }
  }
  if (facts.dead && isLine(facts.dead)) return "no gradient anywhere: nothing is learned";
  const jump = kinksInOrder(kinks).find(({ continuous }) => !continuous);
  if (jump) return `the value jumps at ${kinkPlace(jump)}`;
  if (facts.dead && facts.dead.length > 0) return `no gradient for ${spansText(facts.dead, x)}`;
  const gone = facts.vanishes?.float16.filter(matters).filter(isNear) ?? [];
  if (gone.length > 0) return `no gradient in float16 for ${spansText(gone, x, 65504)}`;
  const undecided = columns.flatMap(([name, { verdict }]) => (verdict === "undecided" ? [name] : []));
  if (undecided.length > 0) return `${list(undecided)}: not proved to be finite`;
  const broken = columns.find(([, { verdict }]) => verdict === "breaks");
  if (!broken) return null;
  const [name, fact] = broken;
  return fact.how === "overflow" ? `${name} overflows for large inputs` : `${name} ${finiteText(fact, false)}`;
}

/** Whether it comes to inputs that are met in practice. */
const isNear = ({ from, to }: SpanFact): boolean =>
  [from, to].some((end) => typeof end === "number" && Math.abs(end) < 1000);

export const parameterText = (name: string, value: number, range: string | null, perChannel: boolean): string =>
  `${name} = ${numberText(value)}${range === null ? "" : ` in ${range}`}${perChannel ? ", per channel" : ""}`;
