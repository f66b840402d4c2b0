/** `baton incident amend ID --set FIELD=VALUE --reason TEXT`: values as people write them, with units. */
import { parseDuration, parseSize } from '../../config/quantity.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { AMENDABLE, readChange } from '../../core/sla/case/amendable.ts';
import type { Case } from '../../core/sla/case/case.ts';
import type { FieldChange } from '../../core/sla/case/case-entry.ts';
import { type Failure, usage } from '../failure.ts';
import type { Addition } from './add.ts';

/** `sets` like `loss.bytesMax=16MiB`. */
export const amend =
  (sets: readonly string[], reason: string) =>
  (held: Case): Result<Addition, Failure> => {
    const changes: FieldChange[] = [];
    for (const set of sets) {
      const change = changeOf(set, held);
      if (!change.ok) return err(usage(`--set ${set}: ${change.error}.`, 'See `baton incident amend --help`.'));
      changes.push(change.value);
    }
    return ok({
      path: 'amendments',
      draft: { kind: 'amended', reason, changes },
      body: { reason, changes },
      shown: [
        ...changes.map(({ field, from, to }) => `${field}: ${from} becomes ${to}`),
        `Why: ${reason}`,
        'What was recorded stays; verdicts that this touches are asked again, and the old ones kept.',
        ...(held.signedOff === null ? [] : [`${held.signedOff.by} had signed it off: that has to be done again.`]),
      ],
      done: 'Amended: a new review and sign-off are due.',
      question: 'Amend it?',
    });
  };

function changeOf(set: string, { incident }: Case): Result<FieldChange, string> {
  const [, field, text] = /^([A-Za-z0-9.]+)=(.*)$/s.exec(set) ?? [];
  if (field === undefined || text === undefined) return err('write FIELD=VALUE');
  const known = AMENDABLE.get(field);
  const value = typedValue(field, text);
  const to = value === undefined ? JSON.stringify(text) : canonicalJson(value);
  const read = readChange(field, to);
  if (!read.ok || known === undefined) return err(read.ok ? 'not known' : read.error);
  return ok({ field, from: canonicalJson(known.read(incident) ?? null), to });
}

/** Undefined: no value of this field. */
function typedValue(field: string, text: string): unknown {
  if (field.startsWith('instants.')) return text === 'unknown' ? null : instant(text);
  if (field === 'loss.bytesMax') return text === 'unknown' ? null : count(text, parseSize);
  if (field === 'loss.timeMsMax') return text === 'unknown' ? null : count(text, parseDuration);
  if (field === 'affectedSites')
    return text === 'none'
      ? []
      : text
          .split(',')
          .map((id) => id.trim())
          .filter((id) => id !== '');
  return text;
}

const count = (text: string, parse: (text: string) => number | null): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : (parse(text) ?? undefined);

/** RFC 3339 with its zone: a time without one would be somebody else's. */
function instant(text: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const wall = Date.parse(text);
  return Number.isNaN(wall) ? undefined : new Date(wall).toISOString();
}
