/** Hands out names within one scope: none twice, none that the language reserves. */
export class NameScope {
  private readonly taken: Set<string>;

  /** @param others more reserved names, which many scopes share */
  constructor(
    reserved: Iterable<string>,
    private readonly others: readonly ReadonlySet<string>[] = [],
  ) {
    this.taken = new Set(reserved);
  }

  /** A scope inside of this one: it sees the names taken so far, and keeps its own to itself. */
  inner(): NameScope {
    return new NameScope(this.taken, this.others);
  }

  /** The name itself where it is free, else with a number after it. */
  claim(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.isTaken(name); i++) name = `${wanted}${i}`;
    this.taken.add(name);
    return name;
  }

  private isTaken(name: string): boolean {
    return this.taken.has(name) || this.others.some((names) => names.has(name));
  }
}
