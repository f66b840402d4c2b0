/** Whatever is appended, closed, dropped and cut short: the chain verifies, and no confirmed entry is lost or doubled. */
import { appendFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyLedger } from '../../src/adapters/journal/ledger-verify.ts';
import { dayMs } from '../../src/core/units.ts';
import { aDisk, LedgerPlace } from './a-ledger.ts';

type Act =
  | { readonly kind: 'append'; readonly length: number }
  | { readonly kind: 'days'; readonly days: number }
  /** The process ends, wherever the disk had got to; `torn` is what a write left half done. */
  | { readonly kind: 'crash'; readonly torn: string }
  /** From now on the disk does this many operations and refuses the rest, until the next start. */
  | { readonly kind: 'refuse'; readonly after: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), length: fc.nat(300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('days' as const), days: fc.integer({ min: -2, max: 8 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), torn: fc.constantFrom('', '{"half', '\0\0') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refuse' as const), after: fc.nat(5) }) },
);

test('the chain verifies after every start, with every confirmed entry that was not dropped, once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 60 }),
      fc.integer({ min: 1_300, max: 4_000 }),
      async (acts, bytesMax) => {
        using place = new LedgerPlace();
        let left = Number.POSITIVE_INFINITY;
        const disk = aDisk(() => {
          left -= 1;
          return left < 0;
        });
        const open = () => place.open({ disk, retention: { keepMs: 10 * dayMs, bytesMax } });
        const confirmed: (readonly [seq: number, body: unknown])[] = [];
        let ledger = await open();
        const check = async () => {
          expect(await verifyLedger(place.directory)).toMatchObject({ kind: 'intact' });
          const { entries, first, head, problem } = await place.all();
          expect(problem).toBeNull();
          expect(entries.map(({ seq }) => seq)).toEqual(
            Array.from({ length: head.entries - first }, (_, index) => first + index),
          );
          const notes = entries.flatMap(({ kind, seq, body }) => (kind === 'note' ? [[seq, body] as const] : []));
          expect(notes).toEqual(confirmed.filter(([seq]) => seq >= first));
        };
        for (const [index, each] of acts.entries()) {
          switch (each.kind) {
            case 'append': {
              const body = { index, text: 'x'.repeat(each.length) };
              const entry = await ledger.append('note', body);
              if (!entry.ok) throw new Error(entry.error);
              confirmed.push([entry.value.seq, body]);
              break;
            }
            case 'days':
              place.later(each.days * dayMs);
              break;
            case 'refuse':
              left = each.after;
              break;
            case 'crash': {
              await ledger.close();
              appendFileSync(place.path(place.lastWritten()), each.torn);
              left = Number.POSITIVE_INFINITY;
              ledger = await open();
              await check();
              break;
            }
          }
        }
        await ledger.close();
        await check();
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
