import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { openSlo } from '../../../../src/core/sla/report/openslo.ts';
import { minute } from '../../../../src/core/units.ts';
import { aContract, EPOCH, sites } from '../facts.ts';
import { openSloProblems } from './openslo-rules.ts';

const availability = { targetPercent: 99.9, window: { kind: 'calendar-month' } } as const;
const contracts = [
  aContract({
    id: 'north',
    version: 2,
    availability,
    validFrom: '2008-04-01T00:00:00+01:00',
    creditBands: [{ belowPercent: 99.9, creditPercent: 5 }],
    exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 240 * minute } },
  }),
  aContract({ id: 'south', availability: { ...availability, window: { kind: 'rolling', days: 90 } } }),
  aContract({ id: 'old', availability, validTo: '2008-01-01T00:00:00Z' }),
  aContract({ id: 'silent' }),
  aContract({ id: 'perfect', availability: { ...availability, targetPercent: 100 } }),
];

test('the contracts in force read like this as OpenSLO v1', async () => {
  const { documents, leftOut } = openSlo('domain-1', sites, contracts, EPOCH);
  const yaml = documents.map((document) => stringify(document, { lineWidth: 0 })).join('---\n');
  await expect(yaml).toMatchFileSnapshot('golden/openslo.yaml.txt');
  expect(leftOut).toEqual([
    'silent promises no availability, so there is no objective',
    'perfect promises 100 %, and an OpenSLO target is below that',
  ]);
});

test('every document has what OpenSLO v1 asks of it', () => {
  const { documents } = openSlo('domain-1', sites, contracts, EPOCH);
  expect(documents.map(({ kind }) => kind)).toEqual(['Service', 'DataSource', 'SLO', 'SLO']);
  for (const document of documents) expect(openSloProblems(document)).toEqual([]);
});

test.each<[string, (slo: Document) => unknown]>([
  ['another version', (slo) => ({ ...slo, apiVersion: 'openslo/v2' })],
  ['a kind that is none', (slo) => ({ ...slo, kind: 'Contract' })],
  ['a name that is none', (slo) => ({ ...slo, metadata: { name: 'North Trust' } })],
  ['a text as annotation', (slo) => ({ ...slo, metadata: { name: 'n', annotations: { 'baton/rto': '1 h' } } })],
  ['two time windows', (slo) => withSpec(slo, { timeWindow: [{ duration: '30d', isRolling: true }, {}] })],
  [
    'a rolling window on a calendar',
    (slo) => withSpec(slo, { timeWindow: [{ duration: '1M', isRolling: true, calendar: {} }] }),
  ],
  ['a target of 100 %', (slo) => withSpec(slo, { objectives: [{ targetPercent: 100 }] })],
  ['no indicator', (slo) => withSpec(slo, { indicator: undefined })],
  ['a field that is none', (slo) => withSpec(slo, { rto: '1h' })],
])('the rules that are asked know %s', (_says, broken) => {
  const slo = openSlo('domain-1', sites, contracts, EPOCH).documents.find(({ kind }) => kind === 'SLO');
  expect(openSloProblems(broken(slo as Document))).not.toEqual([]);
});

type Document = Readonly<Record<string, unknown>>;
const withSpec = (slo: Document, changes: Document) => ({ ...slo, spec: { ...(slo['spec'] as Document), ...changes } });
