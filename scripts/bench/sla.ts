/**
 * `npm run bench -- --sla`: what the accounting costs. A year of outages, contracts with zones and hours of their own,
 * some with announced maintenance, and sites; every contract and every site, for every month of the year. Also at half
 * and double the outages, which shows whether the cost grows with them or faster.
 */
import { account } from '../../src/core/sla/accounting/account.ts';
import type { Maintenance } from '../../src/core/sla/accounting/exclusion.ts';
import { measured, type OutageRow, type ServiceState } from '../../src/core/sla/accounting/outage-row.ts';
import { siteAccount } from '../../src/core/sla/accounting/site-account.ts';
import { type MonthText, monthSpan } from '../../src/core/sla/accounting/zone.ts';
import type { Contract, Site } from '../../src/core/sla/contract.ts';
import { thousands } from '../../src/core/sla/text-layout.ts';
import { dayMs, MiB, minute } from '../../src/core/units.ts';
import { Random } from '../../test/sim/clock/random.ts';

const year = { from: Date.UTC(2025, 11, 31), to: Date.UTC(2027, 0, 2) };
const months: readonly MonthText[] = Array.from({ length: 12 }, (_, at) => `2026-${String(at + 1).padStart(2, '0')}`);
const zones = ['Europe/London', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'] as const;

const contracts = 200;
const sites = 50;
const outages = 10_000;
const elapsedMsMax = 2_000;
/** Twice the outages cost twice as much, and four times where the cost grows with their square. */
const doublingMax = 3;
const rssBytesMax = 300 * MiB;

/** Two hours in each month, announced in time. */
const maintenance: readonly Maintenance[] = months.map((month) => {
  const from = Date.parse(`${month}-15T02:00:00Z`);
  return { id: month, from, to: from + 120 * minute, announcedAt: from - 8 * dayMs, cancelledAt: null };
});

interface SlaCost {
  readonly outages: number;
  /** Accounts with an outage in them. */
  readonly accounts: number;
  readonly elapsedMs: number;
  readonly cpuMs: number;
}

/** Prints what it found; false when a target was missed. */
export function benchSla(): boolean {
  // The first ones pay for the compiler.
  accountYear(outages / 100);
  const upTo = [outages / 2, outages].map(accountYear);
  const rssBytes = process.resourceUsage().maxRSS * 1024;
  const costs = [...upTo, accountYear(outages * 2)];
  process.stdout.write(`A year of outages x ${contracts} contracts x ${sites} sites, accounted by the month\n`);
  for (const cost of costs)
    process.stdout.write(
      `  ${thousands(cost.outages).padStart(6)} outages  ${Math.round(cost.elapsedMs)} ms, ${Math.round(cost.cpuMs)} ms of CPU, ${thousands(cost.accounts)} accounts\n`,
    );
  process.stdout.write(
    `  resident at most ${Math.round(rssBytes / MiB)} MiB up to ${thousands(outages)} outages, the process and its rows included\n`,
  );
  const asked = costs.find((cost) => cost.outages === outages);
  const doubling = (costs.at(-1)?.cpuMs ?? Infinity) / (asked?.cpuMs ?? 1);
  const kept = (asked?.elapsedMs ?? Infinity) <= elapsedMsMax && rssBytes <= rssBytesMax && doubling <= doublingMax;
  process.stdout.write(`  twice the outages cost ${doubling.toFixed(1)} times the CPU\n`);
  process.stdout.write(
    `  ${kept ? 'Targets kept' : 'TARGET MISSED'}: ${elapsedMsMax} ms for ${thousands(outages)} outages, ${rssBytesMax / MiB} MiB, ${doublingMax} times for twice the outages\n`,
  );
  return kept;
}

function accountYear(outages: number): SlaCost {
  const random = new Random(outages);
  const allSites = Array.from({ length: sites }, (_, at): Site => ({ id: `site-${at}`, name: `Site ${at}` }));
  const allContracts = Array.from({ length: contracts }, (_, at) => aContract(at, allSites, random));
  const rows = aYear(outages, allSites, random);
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  let accounts = 0;
  for (const contract of allContracts) {
    const seen = measured(rows, contract.sites);
    for (const month of months) {
      const whole = account(contract, monthSpan(contract.timeZone, month), {
        measured: seen,
        maintenance,
        asOf: year.to,
      });
      if (whole !== null && whole.outages > 0) accounts += 1;
    }
  }
  for (const site of allSites) {
    const seen = measured(rows, [site.id]);
    for (const month of months)
      if (siteAccount(site, seen, monthSpan('UTC', month), year.to).outages > 0) accounts += 1;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { outages, accounts, elapsedMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 };
}

/** Up, and so many times not; every second time at a few of the sites only. */
function aYear(outages: number, sites: readonly Site[], random: Random): readonly OutageRow[] {
  const rows: OutageRow[] = [];
  const everyMs = Math.floor((year.to - year.from) / outages);
  for (let at = 0; at < outages; at += 1) {
    const from = year.from + at * everyMs;
    const down = from + Math.floor(random.between(1, everyMs / 2));
    const up = down + Math.floor(random.between(1, Math.min(10 * minute, everyMs / 3)));
    const some = at % 2 === 0 ? null : sites.slice(at % sites.length, (at % sites.length) + 5).map(({ id }) => id);
    const state: ServiceState = at % 10 === 0 ? 'degraded' : 'down';
    rows.push(
      { state: 'up', from, to: down, by: 'standby', sites: null },
      { state, from: down, to: up, by: 'standby', sites: some },
      { state: 'up', from: up, to: from + everyMs, by: 'standby', sites: null },
    );
  }
  return rows;
}

function aContract(at: number, sites: readonly Site[], random: Random): Contract {
  const opens = 60 * Math.floor(random.between(6, 10));
  const day = [{ fromMinute: opens, toMinute: opens + 9 * 60 }];
  const weekly = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: [], sun: [] };
  return {
    id: `contract-${at}`,
    version: 1,
    customer: `Customer ${at}`,
    sites: sites.slice((7 * at) % sites.length, ((7 * at) % sites.length) + 4).map(({ id }) => id),
    timeZone: zones[at % zones.length] ?? 'UTC',
    serviceHours: at % 3 === 0 ? { kind: 'always' } : { kind: 'weekly', days: weekly },
    holidays: [{ date: '2026-12-25', hours: [] }],
    rtoMs: 30 * minute,
    rpoBytes: 0,
    rpoMs: 0,
    detectionMs: null,
    availability: { targetPercent: 99.9, window: { kind: 'calendar-month' } },
    exclusions: { maintenance: at % 2 === 0 ? null : { noticeDays: 7, capMsPerMonth: 240 * minute } },
    creditBands: [{ belowPercent: 99.9, creditPercent: 5 }],
    validFrom: null,
    validTo: null,
  };
}
