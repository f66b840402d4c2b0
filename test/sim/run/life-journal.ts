/** A whole life as NDJSON: every event, and every decision that a member journalled, with the view it was made on. */
import type { Decision } from '../../../src/core/decision.ts';
import type { View } from '../../../src/core/view.ts';
import { encodeValue, encodeView } from '../../../src/core/view-codec.ts';

export interface LifeJournal {
  happened(atMs: number, event: string): void;
  decided(atMs: number, member: string, view: View, decision: Decision): void;
}

export function lifeJournal(write: (line: string) => void): LifeJournal {
  const line = (content: object) => write(`${JSON.stringify(content)}\n`);
  return {
    happened: (atMs, event) => line({ atMs, event }),
    decided: (atMs, member, view, { rule, because, intents }) =>
      line({ atMs, member, rule, because, intents: encodeValue(intents), view: encodeView(view) }),
  };
}
