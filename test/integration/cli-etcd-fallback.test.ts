import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createCoordinator } from '../../src/adapters/etcd/create-coordinator.ts';
import type { MemberRecord } from '../../src/core/cluster.ts';
import { formatHistory, formatLeader, formatMember, formatSync, keyOf } from '../../src/core/key-format.ts';
import { copyId, leaseId, memberName, parseLsn, revision, timeline } from '../../src/core/units.ts';
import { caseKey } from '../../src/core/sla/case/case-entry.ts';
import { formatCaseValue } from '../../src/wire/case-entry.ts';
import { closedIncident } from '../cli/fixtures.ts';
import { acknowledged, entry } from '../core/sla/case/a-case.ts';
import { realClock } from '../support/real-clock.ts';
import { startEtcd } from '../support/real-etcd.ts';

const root = join(import.meta.dirname, '../..');
const a = memberName('slough-a');
const b = memberName('reading-b');

const acknowledgement = entry(0, acknowledged);

const record = (name: typeof a, change: Partial<MemberRecord>): MemberRecord => ({
  name,
  host: '10.1.0.11',
  port: 5432,
  apiUrl: 'http://10.1.0.11:8008',
  role: 'primary',
  state: 'running',
  version: '0.1.0',
  protocol: 1,
  serverVersion: 150_000,
  location: 'slough',
  priority: 100,
  tags: {},
  leaseId: leaseId('0'),
  copyId: copyId('1f2e3d4c'),
  timeline: timeline(3),
  lsn: parseLsn('0/5000148'),
  replayLsn: null,
  divergedKept: null,
  freeBytes: null,
  restartingUntil: null,
  fencedTerm: revision(0),
  ...change,
});

test('with no daemon, status, history and incidents are read from a real etcd, and the command ends by itself', async () => {
  await using etcd = await startEtcd({ members: 1 });
  const coordinator = createCoordinator({
    endpoints: etcd.endpoints,
    namespace: '/service',
    cluster: 'domain-1',
    clock: realClock,
  });
  const standby = record(b, {
    role: 'replica',
    state: 'streaming',
    location: 'reading',
    replayLsn: parseLsn('0/5000148'),
  });
  const keys: Readonly<Record<string, string>> = {
    [keyOf.leader]: formatLeader(a),
    [keyOf.member(a)]: formatMember(record(a, {})),
    [keyOf.member(b)]: formatMember(standby),
    [keyOf.sync]: formatSync({
      leader: a,
      standbys: [b],
      mode: 'available',
      copies: { 'reading-b': copyId('0a0b0c0d') },
    }),
    [keyOf.history]: formatHistory([
      {
        timeline: timeline(2),
        newTimeline: timeline(3),
        lsn: parseLsn('0/4000148'),
        reason: 'switchover',
        timestamp: '2008-04-01T10:00:00.123Z',
        newLeader: a,
        promotionId: '5e5e5e5e',
        historyFile: '',
      },
    ]),
    [`incidents/${closedIncident.id}`]: JSON.stringify(closedIncident),
    [caseKey(closedIncident.id, acknowledgement.id)]: JSON.stringify(formatCaseValue(acknowledgement)),
  };
  const writes = Object.entries(keys).map(([key, value]) => ({ op: 'put', key, value }) as const);
  const written = await coordinator.commit({ compares: [], writes }, 2_000);
  coordinator.close();
  expect(written.kind).toBe('applied');

  const baton = async (...argv: readonly string[]) => {
    const env = {
      PATH: process.env['PATH'],
      BATON_CONFIG: join(root, 'config/examples/two-hosts/slough-a.yaml'),
      BATON_ETCD_ENDPOINTS: JSON.stringify(etcd.endpoints),
      BATON_STATE: join(etcd.directory, 'no-daemon-here'),
    };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'src/main/baton.ts'), ...argv, '--json'],
      { env, timeout: 20_000 },
    );
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  expect(await baton('status')).toMatchObject({
    source: 'etcd',
    leader: 'slough-a',
    redundant: true,
    synchronous: { mode: 'available', standbys: ['reading-b'] },
    members: [
      { name: 'reading-b', state: 'streaming', synchronous: true },
      { name: 'slough-a', role: 'primary', lsn: '0/5000148' },
    ],
    next: expect.stringContaining('No daemon answers on this host'),
  });
  expect(await baton('history')).toMatchObject({
    source: 'etcd',
    history: [{ timeline: 2, lsn: '0/4000148', newLeader: 'slough-a' }],
  });
  expect(await baton('incident', 'show', 'last')).toMatchObject({
    ...closedIncident,
    case: { state: 'acknowledged', acknowledged: { by: 'ada@slough-a' } },
  });
});
