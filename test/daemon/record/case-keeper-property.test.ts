/** Two members, an etcd that comes and goes, clocks that differ, and people who write on both at once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import { caseOf } from '../../../src/core/sla/case/case-of.ts';
import type { CaseDraft } from '../../../src/core/sla/case/draft.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { revision, wallMs } from '../../../src/core/units.ts';
import { CaseKeeper } from '../../../src/daemon/record/case-keeper.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import { incident2008, promises } from '../../core/sla/case/a-case.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const epoch = wallMs(Date.parse('2008-04-24T12:00:00.000Z'));
const { id } = incident2008;

class Etcd {
  readonly values = new Map<string, string>();
  answers = true;
  readonly coordinator = {
    commit: async ({ compares, writes: [write] }: Txn): Promise<TxnOutcome> => {
      if (!this.answers) return { kind: 'failed', problem: 'no etcd' };
      if (compares.some((compare) => 'absent' in compare && this.values.has(compare.key)))
        return { kind: 'refused', revision: revision(1) };
      if (write?.op === 'put') this.values.set(write.key, write.value);
      return { kind: 'applied', revision: revision(1) };
    },
  } as unknown as Coordinator;
}

function aMember(name: string, clock: VirtualClock, etcd: Etcd, aheadMs: number) {
  const disk: unknown[] = [];
  const ownClock = {
    mono: () => clock.mono(),
    wall: () => wallMs(clock.wall() + aheadMs),
    timer: (ms: number, action: () => void) => clock.timer(ms, action),
  } as unknown as Clock;
  const ledger = { append: async (_kind: string, body: unknown) => ok(disk.push(body)), bodies: () => [] };
  const records = new Records(
    {
      clock: ownClock,
      coordinator: etcd.coordinator,
      journal: { decided: () => undefined, happened: () => undefined },
      ledger: ledger as unknown as Ledger,
    },
    { kind: 'record', prefixes: ['cases/'], daysInEtcd: 400, recordsMax: 10_000 },
  );
  let random = 0;
  const keeper = new CaseKeeper({
    member: name,
    clock: ownClock,
    ledger: ledger as unknown as Ledger,
    records,
    incidents: () => [incident2008],
    promises: () => promises,
    newId: () => {
      random += 1;
      return `${name}${String(random).padStart(7, '0')}`;
    },
  });
  const sees = () => {
    if (!etcd.answers) return;
    const entries = new Map([...etcd.values].map(([key, value]) => [key, { value }]));
    records.sawSnapshot({ entries } as unknown as Snapshot);
  };
  const held = () => caseOf(incident2008, keeper.files()[0]?.entries ?? []);
  return { keeper, disk, sees, held };
}

const drafts: readonly CaseDraft[] = [
  { kind: 'acknowledged', note: '' },
  { kind: 'note', text: 'seen' },
  { kind: 'cause', trigger: 'a', rootCause: 'b', factors: [] },
  { kind: 'action', text: 'a', owner: 'bob', due: '2999-01-01' },
  { kind: 'action-done', number: 1, note: '' },
  { kind: 'review', text: 'r' },
  { kind: 'signed-off', note: '' },
  { kind: 'amended', reason: 'r', changes: [{ field: 'loss.bytesMax', from: '0', to: '4096' }] },
];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('add' as const), on: fc.nat(1), draft: fc.constantFrom(...drafts) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('see' as const), on: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('etcd' as const), answers: fc.boolean() }) },
);

test('whatever was accepted anywhere is in the end on both disks, and both members have the same case', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.integer({ min: -5_000, max: 5_000 }),
      async (steps, aheadMs) => {
        const [clock, etcd] = [new VirtualClock(epoch), new Etcd()];
        const members = [aMember('a', clock, etcd, 0), aMember('b', clock, etcd, aheadMs)] as const;
        const accepted: string[] = [];
        for (const each of steps) {
          if (each.do === 'etcd') etcd.answers = each.answers;
          else if (each.do === 'see') members[each.on as 0 | 1].sees();
          else {
            const adding = members[each.on as 0 | 1].keeper.add(id, `person@${each.on}`, each.draft);
            await clock.runFor(100);
            const outcome = await adding;
            expect(outcome.kind).not.toBe('unknown');
            if (outcome.kind === 'accepted') accepted.push(outcome.id);
          }
          await clock.runFor(50);
        }
        etcd.answers = true;
        for (let round = 0; round < 3; round += 1) {
          await clock.runFor(10_000);
          for (const member of members) member.sees();
        }
        await clock.runFor(10_000);
        const [one, other] = members.map((member) => member.keeper.files()[0]?.entries ?? []);
        expect(one?.map((entry) => entry.id)).toEqual(accepted.toSorted());
        expect(other).toEqual(one);
        expect(members[1].held()).toEqual(members[0].held());
        for (const { disk } of members) expect(disk).toHaveLength(accepted.length);
      },
    ),
    { numRuns: 60 },
  );
});
