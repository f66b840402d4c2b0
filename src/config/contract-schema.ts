/** Sites and contracts as they are written; what they mean is the core's `Site` and `Contract`. */
import { z } from 'zod';
import { type Contract, endOf, type Site, startOf } from '../core/sla/contract.ts';
import { dayMs } from '../core/units.ts';
import { type ConfigProblem, fieldProblem, pathText } from './problem.ts';
import { duration, size } from './quantity.ts';
import { dayHours, serviceHours } from './service-hours.ts';
import { id } from './shared-id.ts';

const year = 366 * dayMs;
const petabyte = 1024 ** 5;

const percent = (what: string) => z.number().gt(0).lte(100).describe(what);
const instant = (what: string) =>
  z.iso
    .datetime({ offset: true, error: 'not an instant' })
    .describe(`${what}: RFC 3339 with a zone, like 2008-04-01T00:00:00+01:00`);
const date = z.iso.date('not a date').describe('a local date, like 2008-12-25');

const timeZone = (what: string) =>
  z
    .string()
    .refine(isTimeZone, { error: 'not a time zone', params: { mend: 'write an IANA name, like Europe/London' } })
    .describe(`IANA time zone in which ${what}`);

const toldThrough = () =>
  z
    .array(z.string())
    .max(10)
    .default([])
    .describe('ids of the channels through which they are told of outages; see channels');

/** A site and how it is told. */
export interface WrittenSite extends Site {
  readonly zone?: string | undefined;
  readonly channels: readonly string[];
}
/** A contract and how those who answer for it are told. */
export interface WrittenContract extends Contract {
  readonly channels: readonly string[];
  readonly reportChannels: readonly string[] | null;
}

export const siteSchema = z.strictObject({
  id: id('the id of a customer site, short and stable'),
  name: z.string().min(1).max(100).describe('what people call the site'),
  zone: timeZone('the site reads times; left out: that of a contract that covers it').optional(),
  channels: toldThrough(),
  services: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60).describe('what its users call it, like patient records'),
        weight: z.number().int().min(1).max(100).default(1).describe('how much it matters to the site'),
      }),
    )
    .max(20)
    .optional()
    .describe(
      'what the site uses of the cluster; its downtime is weighed by them: [{name: patient records, weight: 3}]',
    ),
});

const holidaySchema = z.union(
  [date.transform((day) => ({ date: day, hours: [] })), z.strictObject({ date, hours: dayHours() })],
  'neither a date nor {date, hours}',
);

const availabilitySchema = z
  .strictObject({
    target: percent('availability promised, in percent, like 99.9'),
    per: z
      .union([z.literal('month'), duration(dayMs, year)])
      .default('month')
      .describe('the window that is judged: month (a calendar month) or a rolling one in days, like 30d'),
  })
  .transform(({ target, per }, context) => {
    if (per !== 'month' && per % dayMs !== 0)
      context.addIssue(fieldProblem('not whole days', 'write it like 30d', ['per']));
    return {
      targetPercent: target,
      window:
        per === 'month' ? ({ kind: 'calendar-month' } as const) : ({ kind: 'rolling', days: per / dayMs } as const),
    };
  });

const maintenanceSchema = z
  .strictObject({
    notice: duration(0, year).describe('how long before its start a window must be announced, in days, like 7d'),
    cap: duration(0, 31 * dayMs).describe('most maintenance that is excluded in one month, like 4h'),
  })
  .transform(({ notice, cap }, context) => {
    if (notice % dayMs !== 0) context.addIssue(fieldProblem('not whole days', 'write it like 7d', ['notice']));
    return { noticeDays: notice / dayMs, capMsPerMonth: cap };
  });

const agreed = <T extends z.ZodType<number>>(limit: T, what: string) =>
  z.union([z.literal('none').transform(() => null), limit], `neither ${what} nor none`);

const contractShape = z.strictObject({
  id: id('the id of the contract'),
  version: z.number().int().min(1).default(1).describe('counts changes of the terms, from 1'),
  customer: z.string().min(1).max(100).describe('who the contract is with'),
  sites: z.array(z.string()).min(1).describe('ids of the sites it covers, at least one'),
  zone: timeZone('hours, holidays and months are counted'),
  hours: serviceHours().prefault('always').describe('service hours: always, or per day: {mon-fri: "08:00-18:00"}'),
  holidays: z
    .array(holidaySchema)
    .max(1000)
    .default([])
    .describe('days with other hours than their weekday; a bare date has none'),
  rto: duration(0, 31 * dayMs).describe('longest outage of one incident, like 30m'),
  rpo: z
    .strictObject({
      bytes: agreed(size(0, petabyte).prefault(0), 'a size like 16MiB').describe(
        'most WAL that one incident may lose; 0: no acknowledged commit; none: nothing was agreed',
      ),
      time: agreed(duration(0, 31 * dayMs).default(0), 'a duration like 5s').describe(
        'how far back lost commits may reach; none: nothing was agreed',
      ),
    })
    .prefault({})
    .describe('most data that one incident may lose: {bytes: 0, time: 0s}'),
  detection: duration(0, 31 * dayMs)
    .optional()
    .describe('longest time until a failure is declared; leave out when not agreed'),
  availability: availabilitySchema.optional().describe('{target: 99.9, per: month}; leave out when not agreed'),
  maintenance: maintenanceSchema
    .optional()
    .describe('announced maintenance that does not count: {notice: 7d, cap: 4h}'),
  credits: z
    .array(
      z.strictObject({
        below: percent('the availability below which it applies'),
        credit: percent('share of the fee paid back, in percent'),
      }),
    )
    .max(20)
    .default([])
    .describe('what is paid back below the target, worst last: [{below: 99.9, credit: 5}]'),
  validFrom: instant('when the terms begin (inclusive)').optional(),
  validTo: instant('when the terms end (exclusive)').optional(),
  channels: toldThrough(),
  reportChannels: z
    .array(z.string())
    .max(10)
    .optional()
    .describe(
      'ids of the channels through which its monthly report is sent; left out: its e-mail and webhook channels',
    ),
});

export const contractSchema = contractShape.transform(
  (written): WrittenContract => ({
    id: written.id,
    version: written.version,
    customer: written.customer,
    sites: written.sites,
    timeZone: written.zone,
    serviceHours: written.hours,
    holidays: written.holidays,
    rtoMs: written.rto,
    rpoBytes: written.rpo.bytes,
    rpoMs: written.rpo.time,
    detectionMs: written.detection ?? null,
    availability: written.availability ?? null,
    exclusions: { maintenance: written.maintenance ?? null },
    creditBands: written.credits.map(({ below, credit }) => ({ belowPercent: below, creditPercent: credit })),
    validFrom: written.validFrom ?? null,
    validTo: written.validTo ?? null,
    channels: written.channels,
    reportChannels: written.reportChannels ?? null,
  }),
);

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** What only shows when sites and contracts are seen together. */
export function contractProblems(
  sites: readonly Site[],
  contracts: readonly Contract[],
  prefix: readonly string[],
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const add = (path: readonly PropertyKey[], problem: string, mend: string): void => {
    problems.push({ path: pathText([...prefix, ...path]), problem, mend });
  };
  const known = sites.map((site) => site.id);
  sites.forEach((site, index) => {
    if (known.indexOf(site.id) !== index)
      add(['sites', index, 'id'], `site ${site.id} is listed twice`, 'give each site its own id');
    const services = (site.services ?? []).map(({ name }) => name);
    services.forEach((name, position) => {
      if (services.indexOf(name) !== position)
        add(['sites', index, 'services', position, 'name'], `${name} is named twice`, 'give each service once');
    });
  });
  contracts.forEach((contract, index) => {
    const at = (...rest: PropertyKey[]): readonly PropertyKey[] => ['contracts', index, ...rest];
    contract.sites.forEach((site, position) => {
      if (!known.includes(site))
        add(
          at('sites', position),
          `there is no site ${site}`,
          `name one of: ${known.join(', ') || '(none is listed under sites)'}`,
        );
      if (contract.sites.indexOf(site) !== position)
        add(at('sites', position), `site ${site} is named twice`, 'remove one');
    });
    const rival = contracts.slice(0, index).find((other) => other.id === contract.id && collide(other, contract));
    if (rival !== undefined)
      add(
        at('id'),
        `contract ${contract.id} has versions ${rival.version} and ${contract.version} in force together`,
        'give each version its own number and end the old one with validTo',
      );
    if (startOf(contract) >= endOf(contract))
      add(at('validTo'), 'ends before it begins', 'put validTo after validFrom');
    contract.holidays.forEach(({ date: day }, position) => {
      if (contract.holidays.findIndex((other) => other.date === day) !== position)
        add(at('holidays', position), `${day} is named twice`, 'give each day once');
    });
    if (contract.creditBands.length > 0 && contract.availability === null)
      add(at('credits'), 'no availability is promised that they could be for', 'add availability, or take them out');
    contract.creditBands.forEach((band, position) => {
      const target = contract.availability?.targetPercent ?? 100;
      if (band.belowPercent > target)
        add(at('credits', position, 'below'), `is above the target, ${target}`, 'pay back below the target only');
      if (position > 0 && band.belowPercent >= (contract.creditBands[position - 1]?.belowPercent ?? 100))
        add(at('credits', position, 'below'), 'is not below the band before it', 'order the bands from best to worst');
    });
  });
  return problems;
}

const collide = (one: Contract, other: Contract): boolean =>
  one.version === other.version || (startOf(one) < endOf(other) && startOf(other) < endOf(one));
