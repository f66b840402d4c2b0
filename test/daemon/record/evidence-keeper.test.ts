import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import type { EvidenceBundle, Found } from '../../../src/core/sla/evidence/bundle.ts';
import { memberName, second, wallMs } from '../../../src/core/units.ts';
import { EvidenceKeeper } from '../../../src/daemon/record/evidence-keeper.ts';
import type { Records } from '../../../src/daemon/record/records.ts';
import type { KeptRecord } from '../../../src/wire/kept-record.ts';
import { closedIncident } from '../../cli/fixtures.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const begin = Date.parse(closedIncident.instants.t0?.wall ?? '');
const goingOn = {
  ...closedIncident,
  state: 'open' as const,
  instants: { ...closedIncident.instants, t7: null, t8: null },
};

function aKeeper() {
  const clock = new VirtualClock(wallMs(begin + 500));
  const kept = new Map<string, KeptRecord['value']>();
  const asked: { readonly what: string; readonly from: number }[] = [];
  const trouble = { hangs: false };
  const found = (source: Found['source']): Found => ({ source, from: 'a test', problem: null, lines: ['seen'] });
  const keeper = new EvidenceKeeper(
    {
      member: memberName('a'),
      clock,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      evidence: {
        before: async () => void asked.push({ what: 'before', from: 0 }),
        collect: async (_id, stretch, signal) => {
          asked.push({ what: 'collect', from: stretch.from - begin });
          expect(stretch.begin).toBe(begin);
          if (trouble.hangs) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          return [found('journal')];
        },
        diverged: async () => found('diverged'),
      },
    },
    {
      has: (key: string) => kept.has(key),
      get: (key: string) => kept.get(key) ?? null,
      add: async ({ key, value }: KeptRecord) => {
        kept.set(key, value);
        return ok(undefined);
      },
    } as unknown as Records,
  );
  return { clock, keeper, kept, asked, trouble };
}

const sources = (value: unknown) => (value as EvidenceBundle).parts.map(({ source }) => source);

test('an incident is looked at when service is back, and when it is closed, once each', async () => {
  const { clock, keeper, kept, asked } = aKeeper();
  keeper.saw(goingOn);
  await clock.runFor(100);
  expect(asked.map(({ what }) => what)).toEqual(['before']);
  keeper.saw({ ...goingOn, instants: { ...goingOn.instants, t7: closedIncident.instants.t7 } });
  await clock.runFor(100);
  expect([...kept.keys()]).toEqual([`evidence/${closedIncident.id}/a-outage`]);
  keeper.saw(closedIncident);
  keeper.saw(closedIncident);
  await clock.runFor(20 * second);
  expect([...kept.keys()]).toEqual([`evidence/${closedIncident.id}/a-outage`, `evidence/${closedIncident.id}/a-after`]);
  expect([...kept.values()].map(sources)).toEqual([['journal'], ['journal', 'diverged']]);
  expect(asked.map(({ what }) => what)).toEqual(['before', 'collect', 'collect']);
  expect(asked[1]?.from).toBe(-30_000);
  expect(asked[2]?.from).toBeGreaterThan(0); // what the first look has is not kept twice
});

test('an outage that lasts is looked at while it goes on', async () => {
  const { clock, keeper, kept } = aKeeper();
  keeper.saw(goingOn);
  await clock.runFor(6 * second);
  expect([...kept.keys()]).toEqual([`evidence/${closedIncident.id}/a-outage`]);
});

test('a source that hangs is given up, and what was found is kept', async () => {
  const { clock, keeper, kept, trouble } = aKeeper();
  trouble.hangs = true;
  keeper.saw(closedIncident);
  await clock.runFor(30 * second);
  expect(kept.size).toBe(2);
});
