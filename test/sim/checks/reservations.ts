/** I9: the number of a timeline that was reserved for one copy of the data is not reserved for another, whatever became of it. */
import { z } from 'zod';
import type { Entry } from '../../../src/ports/coordinator.ts';
import { readJson } from '../../../src/wire/json-text.ts';

const reserved = z.object({ number: z.number(), member: z.string(), copy_id: z.string().nullable() });

export class Reservations {
  #last: { readonly at: number; readonly number: number; readonly copy: string | null } | null = null;

  /** What was there before says nothing about what comes. */
  forget(): void {
    this.#last = null;
  }

  /** To be asked whenever a key has changed. What is wrong in words; null when nothing is. */
  look(timeline: Entry | null): string | null {
    const last = this.#last;
    if (timeline === null || timeline.modRevision === last?.at) return null;
    const read = readJson(reserved, timeline.value);
    if (!read.ok) return null;
    const { number, member, copy_id } = read.value;
    this.#last = { at: timeline.modRevision, number, copy: copy_id };
    if (last === null || number > last.number || (copy_id !== null && copy_id === last.copy)) return null;
    return `${member} reserves timeline ${number}, and ${last.number} was reserved for another copy`;
  }
}
