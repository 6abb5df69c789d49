/** Functions that a target needs for intrinsics, as text in its language, with every name at module scope `$name`. */

export interface Part {
  readonly uses: readonly string[];
  readonly text: string;
}

export type Parts = ReadonlyMap<string, Part>;

const placeholder = /\$([A-Za-z_]\w*)/g;
const declaration = /^(?:fn|function|const|alias|var<private>) \$([A-Za-z_]\w*)/gm;

const namesIn = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].flatMap((match) => match[1] ?? [])),
];

export const readParts = (texts: Readonly<Record<string, string>>): Parts =>
  new Map(
    Object.entries(texts).map(([name, text]) => {
      const own = namesIn(text, declaration);
      return [name, { uses: namesIn(text, placeholder).filter((used) => !own.includes(used)), text: text.trim() }];
    }),
  );

/** These parts and what they use, the used ones first. */
export function partsClosure(names: Iterable<string>, parts: Parts): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`there is no part ${name}`);
    if (found.has(name)) return;
    part.uses.forEach(visit);
    found.add(name);
  };
  for (const name of names) visit(name);
  return [...found];
}

/** The parts that a part uses itself. */
export const partUses = (name: string, parts: Parts): readonly string[] => parts.get(name)?.uses ?? [];

/** The text of a part with its names spelled. */
export function partText(name: string, parts: Parts, spell: (name: string) => string): string {
  const part = parts.get(name);
  if (part === undefined) throw new Error(`there is no part ${name}`);
  return part.text.replace(placeholder, (_, inner: string) => spell(inner));
}
