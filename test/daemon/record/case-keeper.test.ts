/** What people add, on the way from the API into the records of one member. */
import { describe, expect, test } from 'vitest';
import { err, ok, type Result } from '../../../src/core/result.ts';
import { caseKey, entryId } from '../../../src/core/sla/case/case-entry.ts';
import { wallMs } from '../../../src/core/units.ts';
import { CaseKeeper } from '../../../src/daemon/record/case-keeper.ts';
import type { LedgerEntry } from '../../../src/ports/ledger.ts';
import { formatCaseValue, parseCaseRecord } from '../../../src/wire/case-entry.ts';
import type { KeptRecord } from '../../../src/wire/kept-record.ts';
import { acknowledged, action, entry, incident2008, note, promises } from '../../core/sla/case/a-case.ts';
import { ledgerOf } from '../../core/sla/export/an-export.ts';

const { id } = incident2008;
const now = Date.parse('2008-04-24T12:00:00.000Z');

function aKeeper(before: readonly KeptRecord[] = [], ledger: readonly LedgerEntry[] = [], promised = promises) {
  const kept = [...before];
  const trouble = { says: null as string | null };
  let random = 0;
  const keeper = new CaseKeeper({
    member: 'reading-b',
    clock: { wall: () => wallMs(now) } as never,
    ledger: {
      extract: async (_mention: string, wanted: (each: LedgerEntry) => boolean) => ({
        entries: ledger.filter(wanted),
        head: { entries: ledger.length, lastHash: ledger.at(-1)?.hash ?? '' },
        problem: null,
      }),
    } as never,
    records: {
      under: (prefix) => kept.filter(({ key }) => key.startsWith(prefix)).toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      add: async (record): Promise<Result<void, string>> => {
        kept.push(record);
        return trouble.says === null ? ok(undefined) : err(trouble.says);
      },
    },
    incidents: () => [incident2008],
    promises: () => promised,
    newId: () => {
      random += 1;
      return String(random).padStart(8, '0');
    },
  });
  return { keeper, kept, trouble };
}
const record = (each: ReturnType<typeof entry>): KeptRecord => ({
  key: caseKey(id, each.id),
  value: formatCaseValue(each),
});

describe('what somebody adds', () => {
  test('is kept under the incident, with who and when', async () => {
    const { keeper, kept } = aKeeper();
    expect(await keeper.add(id, 'ada@slough-a', { kind: 'note', text: 'seen' })).toEqual({
      kind: 'accepted',
      id: '20080424T120000000Z-00000001',
    });
    expect(kept).toEqual([
      {
        key: `cases/${id}/20080424T120000000Z-00000001`,
        value: { v: 1, at: '2008-04-24T12:00:00.000Z', by: 'ada@slough-a', what: { kind: 'note', text: 'seen' } },
      },
    ]);
    expect(keeper.files()).toMatchObject([{ incident: id, entries: [{ what: { text: 'seen' } }] }]);
  });

  test('to an incident that is none, or against a rule, is refused and nothing is kept', async () => {
    const { keeper, kept } = aKeeper([record(entry(0, acknowledged))]);
    expect(await keeper.add('nope', 'ada', { kind: 'note', text: 'x' })).toEqual({ kind: 'no-such-incident' });
    expect(await keeper.add(id, 'bob', { kind: 'acknowledged', note: '' })).toMatchObject({
      kind: 'refused',
      condition: 'not-acknowledged',
      problem: expect.stringMatching(/ada@slough-a acknowledged it at .*: nothing is left to do/),
    });
    expect(kept).toHaveLength(1);
  });

  test('comes after what it answers, though the clock here is behind', async () => {
    const ahead = { ...entry(0, action), id: entryId(now + 5_000, 'aaaaaaaa') };
    const { keeper, kept } = aKeeper([record(ahead)]);
    expect(await keeper.add(id, 'bob', { kind: 'action-done', number: 1, note: '' })).toMatchObject({
      kind: 'accepted',
      id: entryId(now + 5_001, '00000001'),
    });
    expect(kept.at(-1)?.value).toMatchObject({ at: '2008-04-24T12:00:00.000Z', what: { action: ahead.id } });
  });

  test('by two people at once is permitted to one of them', async () => {
    const { keeper } = aKeeper();
    const both = [1, 2].map((each) => keeper.add(id, `person-${each}`, { kind: 'acknowledged', note: '' }));
    expect((await Promise.all(both)).map(({ kind }) => kind)).toEqual(['accepted', 'refused']);
  });

  test('that neither disk nor etcd takes is said to be unknown, with how to find out', async () => {
    const { keeper, trouble } = aKeeper();
    trouble.says = 'neither takes it';
    expect(await keeper.add(id, 'ada', { kind: 'note', text: 'x' })).toMatchObject({
      kind: 'unknown',
      problem: expect.stringContaining('baton incident show'),
    });
  });

  test('as an amendment carries the terms by which it was judged again', async () => {
    const { keeper, kept } = aKeeper();
    const changes = [{ field: 'loss.bytesMax', from: '0', to: '4096' }];
    expect(await keeper.add(id, 'eve', { kind: 'amended', reason: 'why', changes })).toMatchObject({
      kind: 'accepted',
    });
    expect(kept[0]?.value['what']).toMatchObject({ terms: promises });
    const read = parseCaseRecord(JSON.parse(JSON.stringify(kept[0])));
    expect(read?.entry.what).toEqual({ kind: 'amended', reason: 'why', changes, terms: promises });
  });
});

test('a record that is none of ours is left out, and the others are there', () => {
  const { keeper } = aKeeper([
    record(entry(0, note)),
    {
      key: `cases/${id}/odd`,
      value: { v: 1, at: '2008-04-24T12:00:00.000Z', by: 'x', what: { kind: 'note', text: 'x' } },
    },
    {
      key: caseKey(id, entry(2, note).id),
      value: { v: 1, at: '2008-04-24T12:00:00.000Z', by: 'x', what: { kind: 'new' } },
    },
    { key: 'cases/x', value: { at: '2008-04-24T12:00:00.000Z' } },
  ]);
  expect(keeper.files()).toEqual([{ incident: id, entries: [entry(0, note)] }]);
});

test('the proof has what the ledger holds of the incident, and where the chain ends', async () => {
  const ledger = ledgerOf(incident2008, [entry(0, note)]);
  const { keeper } = aKeeper([], ledger);
  const proof = await keeper.proof(id);
  expect(proof.entries.map(({ kind }) => kind)).toEqual(['incident', 'incident', 'evidence', 'record']);
  expect(proof).toMatchObject({ member: 'reading-b', head: { entries: 6 }, problem: null });
  expect((await keeper.proof('other')).entries).toEqual([]);
});

test('an amendment whose terms are more than a record holds is refused', async () => {
  const [contract] = promises.contracts;
  if (contract === undefined) throw new Error('no contract');
  const holidays = Array.from({ length: 2_000 }, () => ({
    date: '2008-12-25',
    hours: [{ fromMinute: 0, toMinute: 60 }],
  }));
  const { keeper, kept } = aKeeper([], [], { ...promises, contracts: [{ ...contract, holidays }] });
  const changes = [{ field: 'loss.bytesMax', from: '0', to: '4096' }];
  expect(await keeper.add(id, 'eve', { kind: 'amended', reason: 'why', changes })).toMatchObject({ condition: 'size' });
  expect(kept).toEqual([]);
});
