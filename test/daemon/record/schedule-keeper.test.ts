/** What is due is done once, whoever leads; what nobody did is made good or said. */
import { describe, expect, test } from 'vitest';
import { reportsSchema, drillSchema } from '../../../src/config/schedule-schema.ts';
import { err, ok } from '../../../src/core/result.ts';
import { noJobs, type Jobs } from '../../../src/core/sla/schedule/schedule.ts';
import type { Txn } from '../../../src/core/transaction.ts';
import { memberName, monoMs, revision, second, minute, wallMs } from '../../../src/core/units.ts';
import type { View } from '../../../src/core/view.ts';
import { DrillDesk } from '../../../src/daemon/record/drill-desk.ts';
import { DrillRunner } from '../../../src/daemon/record/drill-runner.ts';
import { MaintenanceKeeper } from '../../../src/daemon/record/maintenance-keeper.ts';
import { Records } from '../../../src/daemon/record/records.ts';
import { ReportKeeper } from '../../../src/daemon/record/report-keeper.ts';
import { RunBook } from '../../../src/daemon/record/run-book.ts';
import { ScheduleKeeper } from '../../../src/daemon/record/schedule-keeper.ts';
import type { Coordinator, Snapshot, TxnOutcome } from '../../../src/ports/coordinator.ts';
import type { Ticker } from '../../../src/ports/ticker.ts';
import type { Ledger } from '../../../src/ports/ledger.ts';
import type { RunEnd } from '../../../src/core/sla/schedule/run.ts';
import { formatClaim } from '../../../src/wire/run-records.ts';
import { contract, rows } from '../../core/sla/accounting/hospital-2008.ts';
import { sites } from '../../core/sla/facts.ts';
import { aSync, leaderView } from '../../http/views.ts';
import { VirtualClock } from '../../sim/clock/virtual-clock.ts';

const epoch = Date.parse('2008-05-01T04:59:55.000Z');
const aClock = (at = epoch) => new VirtualClock(wallMs(at));

/** Believes the leader key's revision to be the term. */
class Etcd {
  readonly values = new Map<string, string>();
  term = 39;
  /** Answers are lost from here on; what was asked is done all the same. */
  mute = false;
  /** Keys that it does not take. */
  refuses = '-';

  readonly coordinator = {
    commit: async ({ compares, writes }: Txn): Promise<TxnOutcome> => {
      const holds = compares.every((compare) =>
        'absent' in compare
          ? !this.values.has(compare.key)
          : compare.key !== 'leader' || compare.modRevision === this.term,
      );
      if (writes.some(({ key }) => key.startsWith(this.refuses))) return { kind: 'failed', problem: 'no room' };
      if (!holds) return { kind: 'refused', revision: revision(1) };
      for (const write of writes) if (write.op === 'put') this.values.set(write.key, write.value);
      return this.mute ? { kind: 'unknown', problem: 'no answer' } : { kind: 'applied', revision: revision(1) };
    },
  } as unknown as Coordinator;

  get snapshot(): Snapshot {
    return { entries: new Map([...this.values].map(([key, value]) => [key, { value }])) } as unknown as Snapshot;
  }

  /** Keys and results of the runs of a job. */
  runs(job: string): readonly (readonly [due: string, what: string, by: string, count: number])[] {
    return [...this.values]
      .filter(([key]) => key.startsWith(`reports/runs/${job}/`) && !key.endsWith('-ended'))
      .map(([key, value]) => {
        const claim = JSON.parse(value) as { what: string; by: string; count: number };
        const end = this.values.get(`${key}-ended`);
        const { outcome } = end === undefined ? { outcome: claim.what } : (JSON.parse(end) as RunEnd);
        return [key.slice(-24), outcome, claim.by, claim.count] as const;
      })
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
  }
}

function aMember(name: string, clock: VirtualClock, etcd: Etcd, disk: unknown[] = []) {
  const happened: string[] = [];
  const asked: string[] = [];
  const ready: string[] = [];
  const found = [...disk];
  const journal = { decided: () => undefined, happened: (event: string) => void happened.push(event) };
  const ledger = {
    append: async (_kind: string, body: unknown) => {
      if (JSON.stringify(body).includes(`"key":"${etcd.refuses}`)) return err('no space left on device');
      disk.push(body);
      return ok({});
    },
    bodies: () => found,
  } as unknown as Ledger;
  const stopping = new AbortController();
  const made = { jobs: noJobs as Jobs };
  const deps = { clock, coordinator: etcd.coordinator, journal, ledger };
  const records = new Records(deps, {
    kind: 'report',
    prefixes: ['reports/', 'maintenance/'],
    daysInEtcd: 400,
    recordsMax: 1_000,
  });
  const promises = () => ({ sites, contracts: [contract] });
  const maintenance = new MaintenanceKeeper({
    clock,
    coordinator: etcd.coordinator,
    records,
    newId: () => 'abcd',
    promises,
  });
  const book = new RunBook(etcd.coordinator, records);
  const reported = () => ({
    cluster: 'domain-1',
    ...promises(),
    maintenance: [],
    rows: () => rows,
    incidents: [],
    nearMisses: [],
  });
  const reports = new ReportKeeper({
    member: name,
    clock,
    records,
    reported,
    journal: {
      decided: () => undefined,
      happened: (event, { month }) => {
        if (event === 'report-ready') ready.push(String(month));
      },
    },
  });
  const runner = new DrillRunner(
    {
      clock,
      hands: {
        submit: async ({ candidate }) => {
          asked.push(candidate);
          return { kind: 'accepted', id: 'r-1' };
        },
        progress: () => ({ kind: 'failed', problem: 'it was rolled back' }),
      },
      incidents: () => [],
      accounts: () => [],
      contracts: () => [],
    },
    stopping.signal,
  );
  const drills = new DrillDesk({
    cluster: 'domain-1',
    member: name,
    clock,
    book,
    runner,
    maintenance,
    incidents: () => [],
    promises,
  });
  const ticks = new Set<() => void>();
  const ticker: Ticker = {
    tick: (_schedule, tick, signal) => {
      ticks.add(tick);
      signal.addEventListener('abort', () => ticks.delete(tick));
    },
  };
  const keeper = new ScheduleKeeper(
    { member: name, clock, journal, ticker, jobsOf: () => made.jobs, book, reports, drills },
    stopping.signal,
  );
  let texts = 0;
  const sees = (jobs: Jobs): void => {
    made.jobs = jobs;
    texts += 1;
    records.sawSnapshot(etcd.snapshot);
    keeper.sawConfig(`config ${texts}`);
  };
  /** It leads for so long, and its loop runs every 50 ms. */
  const leads = async (forMs: number, seen: View = view()): Promise<void> => {
    for (let passed = 0; passed < forMs; passed += 50) {
      records.sawSnapshot(etcd.snapshot);
      if (passed % second === 0) for (const tick of ticks) tick();
      keeper.consider({ ...seen, nowMono: monoMs(clock.mono()), nowWall: clock.wall() });
      await clock.runFor(50);
    }
  };
  return { keeper, disk, happened, asked, ready, sees, leads, maintenance, stop: () => stopping.abort() };
}

const view = (): View => leaderView();
const every = (schedule: string): Jobs => ({
  ...noJobs,
  reports: reportsSchema.parse({ schedule, zone: 'Europe/London' }),
});
const monthly = every('0 0 6 1 * *');
const aDrill = (changes: object = {}): Jobs => ({
  ...noJobs,
  drill: drillSchema.parse({
    schedule: '0 0 6 * * *',
    zone: 'Europe/London',
    announce: '0s',
    candidate: 'reading-b',
    ...changes,
  }),
});
const keysOf = (etcd: Etcd, prefix: string) => [...etcd.values.keys()].filter((key) => key.startsWith(prefix));

describe('reports on a schedule', () => {
  test('are made once when they are due, kept, and ready to be sent', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(40 * second);
    expect(etcd.runs('reports')).toEqual([['2008-05-01T05:00:00.000Z', 'done', 'slough-a', 1]]);
    expect(keysOf(etcd, 'reports/hospital-records')).toEqual(['reports/hospital-records/2008-04']);
    expect(a.ready).toEqual(['2008-04']);
  });

  test('are made by whoever leads, and never by two', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const [a, b] = [aMember('slough-a', clock, etcd), aMember('reading-b', clock, etcd)];
    a.sees(every('*/10 * * * * *'));
    await a.leads(17 * second);
    b.sees(every('*/10 * * * * *'));
    await b.leads(20 * second);
    expect(etcd.runs('reports').map(([due, , by, count]) => [due.slice(14, 19), by, count])).toEqual([
      ['00:00', 'slough-a', 1],
      ['00:10', 'slough-a', 1],
      ['00:20', 'reading-b', 1],
      ['00:30', 'reading-b', 1],
    ]);
    expect([a.ready, b.ready]).toEqual([['2008-04'], []]);
  });

  test('are not made by one that has lost the leadership and does not know it', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(2 * second);
    etcd.term = 40;
    await a.leads(30 * second);
    expect(etcd.runs('reports')).toEqual([]);
  });

  test('that nobody was there to make are made good, and the run says how many were missed', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(every('*/10 * * * * *'));
    await a.leads(7 * second);
    await clock.runFor(60 * second);
    const b = aMember('reading-b', clock, etcd);
    b.sees(every('*/10 * * * * *'));
    await b.leads(1 * second);
    expect(etcd.runs('reports').map(([due, outcome, by, count]) => [due.slice(14, 19), outcome, by, count])).toEqual([
      ['00:00', 'done', 'slough-a', 1],
      ['01:00', 'done', 'reading-b', 6],
    ]);
    expect(b.happened).toContain('run-missed');
  });

  test('of all months that nobody reported are made good by one run', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(1 * second);
    const later = aClock(Date.parse('2008-07-01T12:00:00Z'));
    const b = aMember('reading-b', later, etcd);
    b.sees(monthly);
    await b.leads(1 * second);
    expect(keysOf(etcd, 'reports/hospital-records')).toEqual(
      ['2008-04', '2008-05', '2008-06'].map((month) => `reports/hospital-records/${month}`),
    );
    expect(etcd.runs('reports')).toEqual([['2008-07-01T05:00:00.000Z', 'done', 'reading-b', 3]]);
  });

  test('that somebody began and did not end are finished by the next leader', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(4 * second);
    // The claim arrives, its answer does not: slough-a does not know that it is its own.
    etcd.mute = true;
    await a.leads(16 * second);
    etcd.mute = false;
    expect(etcd.runs('reports')).toEqual([['2008-05-01T05:00:00.000Z', 'begun', 'slough-a', 1]]);
    const b = aMember('reading-b', clock, etcd);
    b.sees(monthly);
    await b.leads(30 * second);
    expect(etcd.runs('reports')[0]?.[1]).toBe('begun');
    await b.leads(1 * minute);
    expect(etcd.runs('reports')).toEqual([['2008-05-01T05:00:00.000Z', 'done', 'slough-a', 1]]);
    expect(b.ready).toEqual(['2008-04']);
  });

  test('that can be written nowhere are tried again until they can', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    etcd.refuses = 'reports/hospital-records';
    await a.leads(30 * second);
    expect(etcd.runs('reports')).toEqual([['2008-05-01T05:00:00.000Z', 'begun', 'slough-a', 1]]);
    expect([a.happened.includes('schedule-failed'), a.ready]).toEqual([true, []]);
    etcd.refuses = '-';
    await a.leads(2 * minute);
    expect(etcd.runs('reports')).toEqual([['2008-05-01T05:00:00.000Z', 'done', 'slough-a', 1]]);
    expect(keysOf(etcd, 'reports/hospital-records')).toHaveLength(1);
    expect(a.ready).toEqual(['2008-04']);
  });

  test('of before the schedule was written are nobody’s to make', async () => {
    const [clock, etcd] = [aClock(epoch + 60 * second), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(30 * second);
    expect(etcd.runs('reports')).toEqual([]);
    expect(keysOf(etcd, 'reports/schedules/reports/')).toHaveLength(1);
  });

  test('stop when the schedule is taken out', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(monthly);
    await a.leads(1 * second);
    a.sees(noJobs);
    await a.leads(60 * second);
    expect(etcd.runs('reports')).toEqual([]);
    expect(keysOf(etcd, 'reports/schedules/reports/')).toHaveLength(2);
  });
});

describe('a drill on a schedule', () => {
  test('is announced, claimed, asked for, and its end is on record', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill());
    await a.leads(60 * second);
    expect(keysOf(etcd, 'maintenance/')).toEqual(['maintenance/drill-2008-05-01T050000']);
    expect(a.asked, etcd.values.get('reports/runs/drill/2008-05-01T05:00:00.000Z')).toEqual(['reading-b']);
    expect(etcd.runs('drill')).toEqual([['2008-05-01T05:00:00.000Z', 'failed', 'slough-a', 1]]);
  });

  test('is skipped, and says why, when it was not announced early enough', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill({ announce: '7d' }));
    await a.leads(60 * second);
    expect(a.asked).toEqual([]);
    expect(etcd.runs('drill')).toEqual([['2008-05-01T05:00:00.000Z', 'skipped', 'slough-a', 1]]);
    expect(etcd.values.get('reports/runs/drill/2008-05-01T05:00:00.000Z')).toContain('drill.announce asks for 168 h');
  });

  test('is skipped when somebody called its window off', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill());
    await a.leads(2 * second);
    const [window] = a.maintenance.announcements();
    const cancelled = a.maintenance.cancel({ id: window?.id ?? '', by: 'bob', reason: '' });
    await a.leads(60 * second);
    expect(await cancelled).toMatchObject({ kind: 'accepted' });
    expect(a.asked).toEqual([]);
    expect(etcd.values.get('reports/runs/drill/2008-05-01T05:00:00.000Z')).toContain('bob called its window off');
  });

  /** Nobody stands by: a drill would lose the service. */
  const exposed = (): View => {
    const seen = view();
    if (seen.coordinator.kind !== 'read') throw new Error('nothing was read');
    const [leader] = [...seen.coordinator.state.members].filter(([name]) => name === 'slough-a');
    const members = new Map(leader === undefined ? [] : [leader]);
    const sync = aSync({ standbys: [] });
    return {
      ...seen,
      peers: new Map(),
      coordinator: { ...seen.coordinator, state: { ...seen.coordinator.state, members, sync } },
    };
  };

  test('that cannot run at its time is tried again within its window', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill({ window: '10m' }));
    await a.leads(5 * minute, exposed());
    expect(a.asked).toEqual([]);
    expect(etcd.runs('drill')).toEqual([]);
    expect(a.happened.filter((event) => event.startsWith('drill-'))).toHaveLength(1);
    await a.leads(30 * second);
    expect(a.asked).toEqual(['reading-b']);
    expect(etcd.runs('drill')).toMatchObject([['2008-05-01T05:00:00.000Z', 'failed', 'slough-a', 1]]);
  });

  test('that could not run until its window ended is skipped, with what was in its way', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill({ window: '5m' }));
    await a.leads(6 * minute, exposed());
    expect(a.asked).toEqual([]);
    expect(etcd.runs('drill')).toEqual([['2008-05-01T05:00:00.000Z', 'skipped', 'slough-a', 1]]);
    expect(etcd.values.get('reports/runs/drill/2008-05-01T05:00:00.000Z')).toMatch(
      /the cluster is not redundant: .*, and so it was until the end of its window/,
    );
  });

  test('that nobody could carry out in its window is on record as missed, and never carried out later', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill());
    await a.leads(1 * second);
    const later = aClock(epoch + 60 * minute);
    const b = aMember('reading-b', later, etcd);
    b.sees(aDrill());
    await b.leads(1 * second);
    expect(b.asked).toEqual([]);
    expect(etcd.runs('drill')).toEqual([['2008-05-01T05:00:00.000Z', 'missed', 'reading-b', 1]]);
  });

  test('that somebody began and did not end is never repeated: it is on record as broken', async () => {
    const [clock, etcd] = [aClock(), new Etcd()];
    const a = aMember('slough-a', clock, etcd);
    a.sees(aDrill());
    await a.leads(4 * second);
    etcd.mute = true;
    await a.leads(16 * second);
    etcd.mute = false;
    const later = aClock(epoch + 5 * minute);
    const b = aMember('reading-b', later, etcd);
    b.sees(aDrill());
    await b.leads(1 * second);
    expect([a.asked, b.asked]).toEqual([[], []]);
    expect(etcd.runs('drill')).toEqual([['2008-05-01T05:00:00.000Z', 'broken', 'slough-a', 1]]);
  });
});

test('a drill that a person asked for and nobody ended is said to be broken, also where nothing is scheduled', async () => {
  const [clock, etcd] = [aClock(), new Etcd()];
  const claim = { job: 'drill', due: epoch, from: epoch, count: 1, at: epoch, by: 'reading-b', what: 'begun' } as const;
  const { key, value } = formatClaim({ ...claim, askedBy: 'ada', says: '' });
  etcd.values.set(key, JSON.stringify(value));
  const a = aMember('slough-a', clock, etcd);
  a.sees(noJobs);
  await a.leads(3 * minute);
  expect(etcd.runs('drill')[0]?.[1]).toBe('begun');
  await a.leads(2 * minute);
  expect(etcd.runs('drill')).toEqual([[new Date(epoch).toISOString(), 'broken', 'reading-b', 1]]);
});

test('a cluster without schedules writes nothing and looks at nothing', async () => {
  const [clock, etcd] = [aClock(), new Etcd()];
  const a = aMember(memberName('slough-a'), clock, etcd);
  a.sees(noJobs);
  await a.leads(60 * second);
  expect(etcd.values.size).toBe(0);
});
