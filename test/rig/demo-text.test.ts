import { describe, expect, test } from 'vitest';
import { eventText } from '../../scripts/demo/event-text.ts';
import { deskChannel, examplePromises } from '../../scripts/demo/promises.ts';
import { conclusion, contractsText, summaryTable } from '../../scripts/demo/summary-text.ts';
import { faultNamed } from '../../scripts/rig/faults.ts';
import { doubtsOf } from '../../scripts/rig/round.ts';
import { readShared } from '../../src/config/shared.ts';
import { aContractVerdict, anIncident, aRound, aVerdict } from './a-round.ts';

const nodes = aRound().nodes;
const heard = ['St Mary', 'Royal Infirmary'].map((site) => ({
  site,
  incident: 'i',
  subject: `domain-1 is back for ${site} after 0.1 s`,
}));
const lastOf = (text: string) => text.split('\n').at(-1);

describe('what the demo prints', () => {
  test('is a line per event, of at most 100 columns', () => {
    const text = summaryTable([
      aRound(),
      aRound({
        fault: faultNamed('node-kill'),
        incident: null,
        redundantMs: 12_345,
        verdict: aVerdict({ missing: 3 }),
      }),
    ]);
    expect(text).toBe(
      [
        'EVENT (times in ms)  CLIENT  DETECTION  DECISION  PROMOTION  ROUTING  REDUNDANT  LOST  CONTRACTS',
        'postmaster killed       143         12         3         75       10      2,345     0  1 met',
        'node killed             143          -         -          -        -     12,345     3  -',
      ].join('\n'),
    );
  });

  test('names breached contracts first', () => {
    const verdicts = [
      { kind: 'met' } as const,
      { kind: 'breached', breaches: [] } as const,
      { kind: 'met' } as const,
    ].map(aContractVerdict);
    expect(contractsText(anIncident({ verdicts }))).toBe('1 BREACHED, 2 met');
    expect(contractsText(null)).toBe('-');
  });

  test('ends with one line when nothing was lost', () => {
    expect(conclusion(37_035, [aVerdict(), aVerdict()], nodes)).toBe(
      'Nothing lost: 37,035 acknowledged writes, all there, both nodes equal.',
    );
  });

  test('names what is lost, with examples', () => {
    const found = [aVerdict({ missing: 2, examples: ['missing 0/7', 'missing 0/8'] }), aVerdict()];
    const text = conclusion(37_035, found, nodes);
    expect(text).toMatch(/^LOST: 2 of 37,035 acknowledged writes are missing\./);
    expect(text).toContain('missing 0/7, missing 0/8');
    expect(text).not.toContain('Nothing lost');
  });

  test('says when the nodes differ although nothing is missing', () => {
    const [a, b] = nodes;
    const text = conclusion(5, [aVerdict()], [a!, { ...b!, checksum: '18' }]);
    expect(text).toContain('THE NODES DIFFER: a has 12,348 rows, checksum 17; b has');
  });

  test('begins each event with what the client saw, and goes on with the record', () => {
    const lines = eventText(aRound({ otherGapsMs: [61] }), heard, 1, 3).split('\n');
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.slice(1, 11)).toEqual([
      'EVENT 1 OF 3: The postmaster of a is killed (SIGKILL)',
      '#'.repeat(80),
      'Client            OUTAGE 143 ms: no write was acknowledged for so long; writing',
      '                  again through b 151 ms after the fault began. Shorter pauses:',
      '                  61 ms.',
      'Writes            12,345 acknowledged, none lost; 4 never answered, 3 of them',
      '                  are there',
      'Redundant again   2.345 s after the fault began',
      'Sites told        domain-1 is back for St Mary after 0.1 s',
      '                  domain-1 is back for Royal Infirmary after 0.1 s',
    ]);
    expect(lines).toContain('  OUTAGE            100 ms  |==============================================|');
  });

  test('does not hide that there is no record, or that writes are lost', () => {
    const round = aRound({
      incident: null,
      doubts: ['no incident was recorded'],
      verdict: aVerdict({ missing: 1 }),
      outageMs: 0,
    });
    const text = eventText(round, [], 2, 3);
    expect(text).toContain('never waited 50 ms');
    expect(text).toContain('12,345 acknowledged, 1 LOST');
    expect(text).toContain('Sites told        NOBODY');
    expect(text).toContain('NOT AS IT SHOULD  no incident was recorded');
    expect(lastOf(text)).toBe('The daemons have no record of this.');
  });
});

test('the demo is judged by the four sites and two customers of the example', () => {
  const { sites, contracts } = examplePromises();
  expect([sites.length, contracts.length]).toEqual([4, 2]);
  expect(examplePromises('desk').sites.every((site) => String(site['channels']) === 'desk')).toBe(true);
});

test('the demo’s daemons take what it asks of them: no channel is named that the demo does not have', () => {
  const told = { ...examplePromises('desk'), channels: [deskChannel('desk', 'http://127.0.0.1:1')] };
  expect([told, examplePromises()].map((shared) => readShared(JSON.stringify(shared)))).toMatchObject([
    { ok: true },
    { ok: true },
  ]);
});

describe('what is doubted in a record', () => {
  test('nothing, when it is closed, complete and the only one', () => {
    const incident = anIncident();
    expect(doubtsOf([incident], incident, 95)).toEqual([]);
  });

  test('that it is open, lacks instants, or is not alone', () => {
    const whole = anIncident();
    const incident = anIncident({ state: 'open', instants: { ...whole.instants, t7: null, t8: null } });
    const other = anIncident({ id: 'other', kind: 'outage-without-failover' });
    expect(doubtsOf([other, incident], incident, 100)).toEqual([
      `the incident ${incident.id} is still open`,
      `the incident ${incident.id} has no t7 t8`,
      'it was recorded more than once: also other (outage-without-failover)',
    ]);
    expect(doubtsOf([], null, 0)).toEqual(['no incident was recorded']);
  });

  test('that it says less or much more than the client saw', () => {
    const incident = anIncident();
    expect([0, 251, 100, 250].map((outageMs) => doubtsOf([incident], incident, outageMs).length)).toEqual([0, 1, 0, 0]);
    const long = anIncident({ phases: { ...incident.phases, outage: 900 } });
    expect(doubtsOf([long], long, 143)).toEqual([
      `the incident ${long.id} says 900 ms of outage, the client saw 143 ms`,
    ]);
  });

  test('not that a restart in place won no leadership', () => {
    const { instants } = anIncident();
    const restarted = anIncident({ kind: 'restart-in-place', instants: { ...instants, t3: null, t4: null, t5: null } });
    expect(doubtsOf([restarted], restarted, 100)).toEqual([]);
  });
});
