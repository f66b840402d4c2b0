/** Every operation of a daemon ends, or its daemon does: one that goes on for longer than any of its own limits hangs. */
import { type Ms, second } from '../../../src/core/units.ts';
import type { Member } from '../hosts/member.ts';

/** Promotions and clones give themselves half a minute; faults that make them slow add to that. */
const limitMs: Ms = 120 * second;

export class OperationEnds {
  readonly #begun = new Map<string, { readonly operation: object; readonly sinceMs: number }>();

  /** To be asked every now and then. */
  look(member: Member, nowMs: number): string | null {
    const { name, batond, host } = member;
    const operation = batond?.face.latest()?.view.operation;
    const acts = batond?.process.alive === true && !batond.process.stopped && !host.paused;
    if (!acts || operation?.kind !== 'busy') {
      this.#begun.delete(name);
      return null;
    }
    const known = this.#begun.get(name);
    if (known === undefined || known.operation !== operation.spec) {
      this.#begun.set(name, { operation: operation.spec, sinceMs: nowMs });
      return null;
    }
    if (nowMs - known.sinceMs < limitMs) return null;
    return `${name} has been busy with ${operation.spec.kind} for ${Math.round(nowMs - known.sinceMs)} ms`;
  }
}
