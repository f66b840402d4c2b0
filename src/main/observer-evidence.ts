/** What an observer's host can say about an incident: its own journal, and its kernel. There is no PostgreSQL here. */
import { journalParts } from '../adapters/journal/journal-part.ts';
import { kernelPart } from '../adapters/kernel-part.ts';
import type { Clock } from '../ports/clock.ts';
import type { EvidenceSource } from '../ports/evidence.ts';

export const createObserverEvidence = (clock: Clock, journalDirectory: string): EvidenceSource => ({
  before: async () => {},
  diverged: async () => null,
  collect: async (_incident, stretch, signal) => [
    ...(await journalParts(journalDirectory, stretch, signal)),
    await kernelPart(stretch, clock.wall(), clock.mono()),
  ],
});
