import { describe, expect, test } from 'vitest';
import { nextStep } from '../../src/cli/next-step.ts';
import { renderStatus } from '../../src/cli/render-status.ts';
import { plain } from '../../src/cli/terminal.ts';
import type { Status } from '../../src/core/status.ts';
import { degradedStatus, failingOverStatus, healthyStatus, leaderlessStatus } from './fixtures.ts';

const daemon = { kind: 'daemon' } as const;
const etcd = {
  kind: 'etcd',
  problem: 'No daemon answers. GET /v1/status at /var/lib/baton/batond.sock: nobody listens there.',
} as const;

describe('status', () => {
  test('of a healthy cluster ends with nothing to do', () => {
    expect(renderStatus(healthyStatus, daemon, plain)).toBe(`\
domain-1: slough-a leads, term 4711, timeline 3
mode available: commits wait for reading-b
redundant: a standby can take over

  MEMBER     LOCATION  ROLE     STATE      TL  LSN            LAG  SYNC
  leeds-c    leeds     standby  streaming   3  0/4BC0000  4.3 MiB  -
  reading-b  reading   standby  streaming   3  0/5000148        0  yes
* slough-a   slough    primary  running     3  0/5000148        -  -

Nothing to do.`);
  });

  test('says what of the configuration does not rule as it is written', () => {
    const warned = { ...healthyStatus, warnings: ['contracts[0].rto: it was changed in place'] };
    expect(renderStatus(warned, daemon, plain)).toContain(
      'redundant: a standby can take over\nCONFIGURATION: contracts[0].rto: it was changed in place\n',
    );
  });

  test('says that the leader is exposed when its standby is lost, and where to look', () => {
    expect(renderStatus(degradedStatus, daemon, plain)).toBe(`\
domain-1: slough-a leads, term 4711, timeline 3
mode available: commits wait for nobody now (exposed)
NOT REDUNDANT: no standby can take over by itself

  MEMBER     LOCATION  ROLE     STATE    TL  LSN        LAG  SYNC
  reading-b  -         ?        gone      -  -            -  -
* slough-a   slough    primary  running   3  0/5000148    -  -

The daemon of reading-b is silent: \`systemctl status batond\` on its host.`);
  });

  test('names the open incident and the sites that are down while a failover goes on', () => {
    expect(renderStatus(failingOverStatus, daemon, plain)).toBe(`\
domain-1: reading-b leads, term 4902, timeline 3
mode available: commits wait for nobody now (exposed)
NOT REDUNDANT: no standby can take over by itself

  MEMBER     LOCATION  ROLE     STATE      TL  LSN        LAG  SYNC
* reading-b  reading   standby  running     3  0/5000148    -  -
  slough-a   slough    standby  rewinding   3  0/5000148    -  -

OPEN INCIDENT: failover since 2008-04-24 09:15:02 UTC
  \`baton incident show domain-1-20080424-091502123-reading-b\`
  4 sites down now: St Elsewhere, Royal Infirmary, County General and Wharf
    Clinic
  south-trust: 1 s allowed, BREACHED 2 s ago
  north-trust: 1 min allowed, BREACH in 56 s

reading-b is taking over. Watch it with \`baton status --watch\`; if it lasts,
\`baton explain\`.`);
  });

  test('says who looks after the open incident, or that nobody does', () => {
    const { incident } = failingOverStatus;
    if (incident === null) throw new Error('no incident is open');
    const shown = (acknowledged: typeof incident.acknowledged) =>
      renderStatus({ ...failingOverStatus, incident: { ...incident, acknowledged } }, daemon, plain);
    const said = { by: 'ada@slough-a', at: '2008-04-24T09:16:04.000Z', note: 'on my way' };
    expect(shown(said)).toContain('\n  ada@slough-a looks after it since 2008-04-24 09:16:04 UTC: on my way\n');
    expect(shown(null)).toContain('\n  nobody looks after it yet: `baton incident ack last`\n');
    expect(shown(undefined)).not.toContain('looks after it');
  });

  test('says in capitals that nobody leads, and why automation is held', () => {
    expect(renderStatus(leaderlessStatus, daemon, plain)).toBe(`\
domain-1: NOBODY LEADS
mode strict: no standby is synchronous, writes block
NOT REDUNDANT: no standby can take over by itself
AUTOMATION IS HELD: both members were started cold: waiting for the one that led
  last

  MEMBER     LOCATION  ROLE     STATE    TL  LSN        LAG  SYNC
  reading-b  reading   standby  stopped   3  0/5000148    -  -
  slough-a   -         ?        gone      -  -            -  -

Nobody leads, so nothing can be written. If that lasts: \`baton explain\` says who
may lead and what is missing.`);
  });

  test('that was read from etcd says so first', () => {
    expect(renderStatus(degradedStatus, etcd, plain)).toBe(`\
No daemon answers. GET /v1/status at /var/lib/baton/batond.sock: nobody listens
there.
This is what etcd holds, read directly: the last that the daemons wrote.

domain-1: slough-a leads, term 4711, timeline 3
mode available: commits wait for nobody now (exposed)
NOT REDUNDANT: no standby can take over by itself

  MEMBER     LOCATION  ROLE     STATE    TL  LSN        LAG  SYNC
  reading-b  -         ?        gone      -  -            -  -
* slough-a   slough    primary  running   3  0/5000148    -  -

No daemon answers on this host: \`systemctl status batond\`,
\`journalctl -u batond\`.`);
  });

  test.each([
    ['slough-a', 'a data centre in the north of the country', 'a data cent…', '0/5000148'],
    ['slough-a-of-domain-1', 'a data centre in the north of the country', 'a data …', '16/B374D848'],
    ['slough-a-of-domain-1', 'a data centre in the north of the country', 'slough-a-of-domain-1', 'FFFFFFFF/FFFFFFFF'],
  ])('is at most 80 columns wide, with whole names and LSNs: %s at %s', (name, location, shown, lsn) => {
    const members = healthyStatus.members.map((member) =>
      member.name === 'slough-a' ? { ...member, name, location, lsn } : member,
    );
    const text = renderStatus({ ...healthyStatus, leader: name, members }, daemon, plain);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain(`* ${name}`);
    expect(text).toContain(shown);
    expect(text).toContain(lsn);
  });
});

describe('the next step', () => {
  const [leeds, reading, slough] = healthyStatus.members;
  const changed = (change: Partial<Status>): Status => ({ ...healthyStatus, ...change });
  const withReading = (change: Partial<Status['members'][number]>, redundant = false): Status =>
    changed({ redundant, members: [{ ...reading!, ...change }, slough!] });
  const cases: readonly (readonly [when: string, status: Status, urgency: string, says: string])[] = [
    ['all is well', healthyStatus, 'nothing', 'Nothing to do.'],
    ['no member is alive', changed({ leader: null, members: [] }), 'act', 'No member of domain-1 is alive'],
    ['nobody leads', leaderlessStatus, 'act', 'Nobody leads'],
    ['automation is held', changed({ held: ['a key is malformed'] }), 'act', 'Automation is held'],
    ['a member has crashed', withReading({ state: 'crashed' }), 'act', 'reading-b is crashed'],
    ['a key is malformed', withReading({ state: 'malformed' }), 'act', 'reading-b is malformed'],
    ['a member is gone', degradedStatus, 'act', 'The daemon of reading-b is silent'],
    ['the leader is not primary yet', failingOverStatus, 'wait', 'reading-b is taking over'],
    [
      'a standby is being cloned',
      withReading({ state: 'cloning', operation: '40 %' }),
      'wait',
      'reading-b is cloning (40 %)',
    ],
    ['a standby streams and is not synchronous yet', withReading({ synchronous: false }), 'wait', 'reading-b streams'],
    [
      'a third member comes back',
      changed({ members: [{ ...leeds!, state: 'rewinding' }, reading!, slough!] }),
      'wait',
      'leeds-c is rewinding',
    ],
    ['the leader is the only member', changed({ redundant: false, members: [slough!] }), 'act', 'slough-a is alone'],
  ];
  test.each(cases)('when %s', (_when, status, urgency, says) => {
    const step = nextStep(status, daemon);
    expect(step.urgency).toBe(urgency);
    expect(step.says).toContain(says);
  });
});
