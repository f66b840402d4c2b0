/** Replication slots: each keeps the log from where its standby has not been, up to a limit, and is lost beyond it. */

export class Slots {
  /** Count of records from which on each keeps the log; null for one that has lost what it kept. */
  readonly #keeps = new Map<string, number | null>();

  get names(): readonly string[] {
    return [...this.#keeps.keys()];
  }

  has(name: string): boolean {
    return this.#keeps.has(name);
  }

  isLost(name: string): boolean {
    return this.#keeps.get(name) === null;
  }

  create(name: string, from: number): void {
    this.#keeps.set(name, from);
  }

  drop(name: string): void {
    this.#keeps.delete(name);
  }

  clear(): void {
    this.#keeps.clear();
  }

  /** Its standby has flushed up to there. A slot that was lost works again with whoever could stream through it. */
  confirm(name: string, flushed: number): void {
    if (this.#keeps.has(name)) this.#keeps.set(name, flushed);
  }

  /** Those that would keep more than `most` records before `end` lose it all. Their names. */
  loseBeyond(end: number, most: number): readonly string[] {
    const lost = [...this.#keeps].flatMap(([name, from]) => (from !== null && end - from > most ? [name] : []));
    for (const name of lost) this.#keeps.set(name, null);
    return lost;
  }

  /** The first record that some slot keeps; `otherwise` when none keeps any before it. */
  keepFrom(otherwise: number): number {
    return Math.min(otherwise, ...[...this.#keeps.values()].filter((from) => from !== null));
  }
}
