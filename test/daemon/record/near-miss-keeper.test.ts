/** Near misses on their way into the record: what is kept, what belongs to an outage, and what a bad night costs. */
import { expect, test } from 'vitest';
import { Doubts } from '../../../src/daemon/doubts.ts';
import { NearMissKeeper } from '../../../src/daemon/record/near-miss-keeper.ts';
import type { Records } from '../../../src/daemon/record/records.ts';
import { decide } from '../../../src/core/decide.ts';
import { ok } from '../../../src/core/result.ts';
import { monoMs } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { KeptRecord } from '../../../src/wire/kept-record.ts';
import { nearMissKeyPrefix } from '../../../src/wire/near-miss.ts';
import { now } from '../../core/a-view.ts';
import { at } from '../../core/doubt/views.ts';
import { frozen } from '../../core/replay/a-journal.ts';

function aKeeper() {
  const kept: KeptRecord[] = [];
  const events: string[] = [];
  const world = { nowMono: now, outage: false };
  const keeper = new NearMissKeeper({
    ...{ cluster: 'domain-1', member: 'a' },
    clock: { mono: () => monoMs(world.nowMono) } as unknown as Clock,
    journal: { decided: () => undefined, happened: (event) => void events.push(event) },
    records: {
      add: async (record: KeptRecord) => {
        kept.push(record);
        return ok(undefined);
      },
      under: (prefix: string) => kept.filter(({ key }) => key.startsWith(prefix)),
    } as unknown as Records,
    outage: () => world.outage,
  });
  const doubts = new Doubts(
    { cluster: 'domain-1', name: 'a' },
    { hasOutage: () => world.outage, cameNear: (miss) => keeper.keep(miss) },
  );
  /** A freeze of so long, beginning `fromMs` from now; how many of its views are worth a line. */
  const freeze = (fromMs: number, lastedMs = 1_200): number => {
    let lines = 0;
    for (const view of frozen(lastedMs).map((each) =>
      at(fromMs, { ...each, postgres: movedBy(each.postgres, fromMs) }),
    )) {
      world.nowMono = view.nowMono;
      if (doubts.sees(view, decide(view))) lines += 1;
    }
    keeper.considered();
    return lines;
  };
  return { keeper, kept, events, world, freeze };
}

/** What fails has failed since the same time before. */
const movedBy = (postgres: ReturnType<typeof frozen>[number]['postgres'], ms: number) =>
  postgres.kind === 'primary' && postgres.failingSinceMono !== null
    ? { ...postgres, failingSinceMono: monoMs(postgres.failingSinceMono + ms) }
    : postgres;

test('a doubt that heals is kept at once, with its limits, and its views are worth lines of the journal', () => {
  const { keeper, kept, events, freeze } = aKeeper();
  expect(freeze(0)).toBeGreaterThan(10);
  expect(events).toEqual(['near-miss']);
  expect(kept).toMatchObject([
    {
      key: expect.stringContaining(nearMissKeyPrefix),
      value: {
        about: 'a',
        seenBy: 'a',
        rule: 'fence-hung',
        headroomMs: 300,
        lastedMs: 1_200,
        limits: { hangMs: 1_500, leaseTtlMs: 5_000 },
      },
    },
  ]);
  expect(keeper.nearMisses()).toMatchObject([{ headroomMs: 300, count: 1 }]);
});

test('a doubt in the course of an outage belongs to that', () => {
  const { kept, world, freeze } = aKeeper();
  world.outage = true;
  freeze(0);
  expect(kept).toEqual([]);
});

test('a bad night makes some records, each with its count, and the journal has every one', () => {
  const { keeper, kept, events, freeze } = aKeeper();
  for (let each = 0; each < 120; each += 1) freeze(each * 10_000, 500 + 5 * each);
  expect(events).toHaveLength(120);
  expect(kept.length).toBeLessThanOrEqual(4);
  keeper.close();
  const counts = kept.map(({ value }) => Number(value['count']));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120);
  expect(keeper.nearMisses().at(-1)).toMatchObject({ headroomMs: 1_500 - 500 - 5 * 119 });
});

test('probe writes that failed and go through again are one too', () => {
  const { keeper, kept, world } = aKeeper();
  const [view] = frozen(1_200);
  keeper.wroteAgain({ sinceMono: monoMs(now - 900), lastedMs: 600, headroomMs: 1_400 }, 'b', view!);
  expect(kept).toMatchObject([
    { value: { about: 'b', as: 'client', signs: ['writes-fail'], headroomMs: 1_400, closestAfterMs: 600 } },
  ]);
  world.outage = true;
  keeper.wroteAgain({ sinceMono: monoMs(now), lastedMs: 1, headroomMs: 1_999 }, 'b', view!);
  expect(kept).toHaveLength(1);
});
