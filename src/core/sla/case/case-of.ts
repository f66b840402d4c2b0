/** Folds what people added into the case as it stands. */
import { absurd } from '../../result.ts';
import type { Incident } from '../incident.ts';
import { amended } from './amended.ts';
import { type Case, newCase } from './case.ts';
import type { CaseEntry, CaseFile } from './case-entry.ts';
import { mayAdd } from './may-add.ts';

/**
 * The same for the same entries, in whatever order they arrived. Total: an entry that its place does not permit is kept
 * among those out of place, with why.
 */
export function caseOf(recorded: Incident, entries: readonly CaseEntry[]): Case {
  let held = newCase(recorded);
  for (const entry of entries.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))) {
    const refusal = mayAdd(held, entry);
    const next = refusal === null ? withEntry(held, entry) : withoutEffect(held, entry, refusal.problem);
    held = { ...next, entries: held.entries + 1 };
  }
  return held;
}

const withoutEffect = (held: Case, entry: CaseEntry, why: string): Case => ({
  ...held,
  outOfPlace: [...held.outOfPlace, { entry, why }],
});

/** Of each incident, in their order. */
export function casesOf(incidents: readonly Incident[], files: readonly CaseFile[]): readonly Case[] {
  const entriesOf = new Map(files.map(({ incident, entries }) => [incident, entries]));
  return incidents.map((incident) => caseOf(incident, entriesOf.get(incident.id) ?? []));
}

function withEntry(held: Case, { id, at, by, what }: CaseEntry): Case {
  const signed = { id, at, by };
  switch (what.kind) {
    case 'acknowledged':
      return { ...held, acknowledged: { ...signed, note: what.note } };
    case 'note':
      return { ...held, notes: [...held.notes, { ...signed, text: what.text }] };
    case 'cause': {
      const { trigger, rootCause, factors } = what;
      const causesBefore = held.cause === null ? held.causesBefore : [...held.causesBefore, held.cause];
      return { ...held, cause: { ...signed, trigger, rootCause, factors }, causesBefore };
    }
    case 'action': {
      const { text, owner, due } = what;
      const number = held.actions.length + 1;
      return { ...held, actions: [...held.actions, { ...signed, number, text, owner, due, done: null }] };
    }
    case 'action-done': {
      const done = { ...signed, note: what.note };
      return { ...held, actions: held.actions.map((each) => (each.id === what.action ? { ...each, done } : each)) };
    }
    case 'review':
      return { ...held, reviews: [...held.reviews, { ...signed, text: what.text }], reviewed: true };
    case 'signed-off':
      return { ...held, signedOff: { ...signed, note: what.note } };
    case 'amended': {
      const { incident, amendment } = amended(held.incident, what, signed);
      const signOffsBefore = held.signedOff === null ? held.signOffsBefore : [...held.signOffsBefore, held.signedOff];
      const amendments = [...held.amendments, amendment];
      return { ...held, incident, amendments, reviewed: false, signedOff: null, signOffsBefore };
    }
    default:
      return absurd(what);
  }
}
