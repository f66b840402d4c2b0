/** Journals as a daemon writes them, of views that a test makes. */
import { decide } from '../../../src/core/decide.ts';
import { formatDecided, formatSampled, type JournalLine, parseJournalLine } from '../../../src/core/journal-line.ts';
import { wallMs } from '../../../src/core/units.ts';
import type { View } from '../../../src/core/view.ts';
import { ago, answers } from '../a-view.ts';
import { at, leads } from '../doubt/views.ts';

/** Each view with what is decided on it. */
export function journalText(views: readonly View[]): string {
  let before: string | null = null;
  const lines = views.map((view, seq) => {
    const decision = decide(view);
    const stamp = { seq, wall: wallMs(view.nowWall), mono: view.nowMono };
    const line = (decision.rule === before ? formatSampled : formatDecided)(stamp, view, decision);
    before = decision.rule;
    return line;
  });
  return lines.join('');
}

/** As a replay reads it. `older`: written by a daemon that journalled no views while a doubt lasted. */
export function journal(views: readonly View[], { older = false } = {}): readonly JournalLine[] {
  const lines = journalText(views).split('\n').slice(0, -1);
  return lines.map((line) => {
    const parsed = parseJournalLine(older ? line.replace(/"sample":(true|false),/, '') : line);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

/** All was well, fresh connections failed from `now` on until all was well again after `healedMs`; a view every 100 ms. */
export function frozen(healedMs: number, everyMs = 100): readonly View[] {
  const failing = leads({ failingSinceMono: ago(0) }, { peer: answers });
  const views = [at(-500, leads({}, { peer: answers }))];
  for (let ms = 50; ms < healedMs; ms += everyMs) views.push(at(ms, failing));
  return [...views, at(healedMs, leads({}, { peer: answers }))];
}
