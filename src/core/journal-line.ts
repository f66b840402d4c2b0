/** One line of the decision journal. It is the log, the evidence, what `explain` prints, and a test by replay. */
import type { Decision, Intent } from './decision.ts';
import { err, ok } from './result.ts';
import type { Result } from './result.ts';
import type { MonoMs, WallMs } from './units.ts';
import { decodeValue, decodeView, encodeValue, encodeView } from './view-codec.ts';
import type { View } from './view.ts';

export interface LineStamp {
  /** Counts the lines of one run of the daemon, from 0; a gap says that lines were dropped. */
  readonly seq: number;
  readonly wall: WallMs;
  readonly mono: MonoMs;
}

/** `mono` numbers compare within one run of one host only. */
export type JournalLine =
  | {
      readonly kind: 'decided';
      readonly seq: number;
      /** RFC 3339 UTC. */
      readonly wall: string;
      readonly mono: number;
      readonly rule: string;
      readonly because: string;
      readonly intents: readonly Intent[];
      readonly view: View;
      /** Written for a doubt's sake, not because something else was decided; null where no such lines were written yet. */
      readonly sample: boolean | null;
    }
  | {
      readonly kind: 'happened';
      readonly seq: number;
      readonly wall: string;
      readonly mono: number;
      readonly event: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

export const formatDecided = (stamp: LineStamp, view: View, { rule, because, intents }: Decision): string =>
  formatLine(stamp, { rule, because, sample: false, intents: encodeValue(intents), view: encodeView(view) });

/** A view that led to what was decided before already. What the rules do not look at is left out: there are many of these. */
export const formatSampled = (stamp: LineStamp, view: View, { rule, because }: Decision): string =>
  formatLine(stamp, { rule, because, sample: true, intents: [], view: encodeView(lean(view)) });

/** More than any cool-down counts. */
const historyRowsMax = 50;

function lean(view: View): View {
  const self = { ...view.self, configText: '' };
  if (view.coordinator.kind !== 'read' || view.coordinator.state.history.kind !== 'present') return { ...view, self };
  const { state } = view.coordinator;
  const { history } = view.coordinator.state;
  const value = history.value.slice(-historyRowsMax).map((row) => ({ ...row, historyFile: '' }));
  return { ...view, self, coordinator: { ...view.coordinator, state: { ...state, history: { ...history, value } } } };
}

export const formatHappened = (stamp: LineStamp, event: string, details: Readonly<Record<string, unknown>>): string =>
  formatLine(stamp, { event, details: encodeValue(details) });

/** Ends with a line break. */
const formatLine = ({ seq, wall, mono }: LineStamp, content: object): string =>
  `${JSON.stringify({ v: 1, seq, wall: new Date(wall).toISOString(), mono, ...content })}\n`;

/** When a line was written, RFC 3339, without the cost of reading its view; null when its beginning is not as written here. */
export const wallOfLine = (text: string): string | null =>
  /^\{"v":1,"seq":\d+,"wall":"([^"]+)"/.exec(text)?.[1] ?? null;

/** The error says what is wrong with the line, without its place. */
export function parseJournalLine(text: string): Result<JournalLine, string> {
  const line = parsed(text);
  if (line === null) return err('not a JSON object (the last line of a file may be cut off by a crash)');
  const { v, seq, wall, mono, rule, because, event, details, sample } = line;
  if (v !== 1) return err(`version ${JSON.stringify(v)} of the journal's shape is not understood`);
  if (typeof seq !== 'number' || typeof wall !== 'string' || typeof mono !== 'number')
    return err('seq, wall or mono is missing');
  if (typeof event === 'string') {
    return ok({
      kind: 'happened',
      seq,
      wall,
      mono,
      event,
      details: decodeValue(details) as Readonly<Record<string, unknown>>,
    });
  }
  if (typeof rule !== 'string' || typeof because !== 'string' || !Array.isArray(line['intents']))
    return err('neither a decision nor an event');
  const view = decodeView(line['view']);
  if (!view.ok) return view;
  return ok({
    kind: 'decided',
    seq,
    wall,
    mono,
    rule,
    because,
    intents: decodeValue(line['intents']) as readonly Intent[],
    view: view.value,
    sample: typeof sample === 'boolean' ? sample : null,
  });
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null;
  }
}
