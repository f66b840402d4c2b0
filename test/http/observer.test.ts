/** What an observer answers, and how the others show it: never as a PostgreSQL, and never as somebody who could take over. */
import { describe, expect, test } from 'vitest';
import { renderStatus } from '../../src/cli/render-status.ts';
import { nextStep } from '../../src/cli/next-step.ts';
import { planChange } from '../../src/cli/change-plan.ts';
import { plain } from '../../src/cli/terminal.ts';
import { explainView } from '../../src/core/explain-view.ts';
import { type HealthCheck, isAlive, isHealthy, isReady, noLimits } from '../../src/core/health.ts';
import { observing } from '../../src/core/observing.ts';
import { patroniCluster, patroniStatus } from '../../src/core/patroni-documents.ts';
import { statusOf } from '../../src/core/status.ts';
import { memberName, monoMs } from '../../src/core/units.ts';
import type { View } from '../../src/core/view.ts';
import { KnownMembers } from '../../src/daemon/known-members.ts';
import { observerView } from '../../src/daemon/observer/observer-view.ts';
import { createApi } from '../../src/http/api.ts';
import type { DaemonFace } from '../../src/ports/daemon-face.ts';

import { absent, aRecord, aState, aSync, leaderView, now, policy, read, reading, slough, wall } from './views.ts';

const london = memberName('london-o');
const key = aRecord(london, { role: 'observer', state: 'running', location: 'london', copyId: null, lsn: null });
const members = new Map([
  [slough, aRecord(slough)],
  [reading, aRecord(reading, { role: 'replica', state: 'streaming' })],
  [london, key],
]);
const settings = {
  ...{ cluster: 'domain-1', name: london, location: 'london', shared: policy },
  ...{ address: { host: '10.3.0.11', port: 8008 }, apiUrl: 'http://10.3.0.11:8008' },
};
function seenFrom(state: Parameters<typeof aState>[0], unreachable = false): View {
  const known = new KnownMembers();
  known.saw(aState({ members }));
  const coordinator = read(aState(state));
  return observerView(settings, {
    ...{ nowMono: now, nowWall: wall, startedMono: monoMs(0), lease: { kind: 'none' }, policy, known, held: [] },
    coordinator:
      coordinator.kind === 'read' && unreachable ? { ...coordinator, unreachableSinceMono: now } : coordinator,
  });
}
const observer = seenFrom({ members });
const bothGone = seenFrom({ leader: absent, sync: aSync({ standbys: [] }), members: new Map([[london, key]]) });

describe('its health checks', () => {
  const checks: readonly HealthCheck[] = [
    ...(['primary', 'leader', 'replica', 'read-only', 'synchronous', 'read-only-sync', 'asynchronous'] as const),
    'health',
  ];
  test.each(checks)('%s never passes: nobody is to be sent here', (check) => {
    expect(isHealthy(check, observer, noLimits)).toBe(false);
    expect(isHealthy(check, bothGone, noLimits)).toBe(false);
  });
  test('it is alive while its loop runs, and ready while it sees etcd', () => {
    expect(isAlive(observer, 100)).toBe(true);
    expect(isAlive(observer, 60_000)).toBe(false);
    expect(isReady(observer, 'apply', null)).toBe(true);
    expect(isReady(seenFrom({ members }, true), 'apply', null)).toBe(false);
  });
  test('Patroni’s tools are told that it is an observer, and do not find it among the servers', () => {
    expect(patroniStatus('domain-1', '0', observer, wall)).toMatchObject({ role: 'observer', state: 'running' });
    const { members: servers } = patroniCluster(
      statusOf('domain-1', leaderView({ coordinator: read(aState({ members })) }), []),
    );
    expect((servers as { name: string }[]).map(({ name }) => name)).toEqual([reading, slough]);
  });
  test('over HTTP they are what they are', async () => {
    const face = {
      cluster: 'domain-1',
      version: '0',
      latest: () => ({ view: observer, decision: observing(observer), wall }),
      loopAgeMs: () => 0,
    };
    const api = createApi({
      face: face as unknown as DaemonFace,
      explain: explainView,
      changes: false,
      onError: () => {},
    });
    const codes = await Promise.all(
      ['/primary', '/replica', '/readiness', '/v1/self', '/v1/explain'].map(
        async (path) => (await api.request(path)).status,
      ),
    );
    expect(codes).toEqual([503, 503, 200, 200, 200]);
  });
});

describe('the status', () => {
  test('shows it as an observer, from its own side and from the leader’s', () => {
    for (const view of [observer, leaderView({ coordinator: read(aState({ members })) })]) {
      const status = statusOf('domain-1', view, []);
      expect(status.members.find(({ name }) => name === london)).toMatchObject({
        ...{ role: 'observer', state: 'running', location: 'london', synchronous: false, lsn: null },
      });
      expect(renderStatus(status, { kind: 'daemon' }, plain)).toMatch(/london-o +london +observer +running/);
    }
  });
  test('of an exposed leader is not redundant because an observer is there', () => {
    const alone = new Map([
      [slough, aRecord(slough)],
      [london, key],
    ]);
    const off = aSync({ mode: 'off', standbys: [] });
    for (const sync of [aSync({ standbys: [] }), off]) {
      const status = statusOf('domain-1', leaderView({ coordinator: read(aState({ members: alone, sync })) }), []);
      expect(status.redundant).toBe(false);
      expect(
        nextStep({ ...status, members: status.members.filter(({ state }) => state !== 'gone') }, { kind: 'daemon' })
          .says,
      ).toMatch(/is alone: one more failure is an outage/);
    }
  });
  test('from the observer alone names the members that are gone', () => {
    const status = statusOf('domain-1', bothGone, []);
    expect(status).toMatchObject({ leader: null, redundant: false });
    expect(status.members.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'london-o running',
      'reading-b gone',
      'slough-a gone',
    ]);
    expect(nextStep(status, { kind: 'daemon' }).says).toMatch(/No member of domain-1 is alive/);
  });
  test('lets nobody choose it as a candidate', () => {
    const status = statusOf('domain-1', leaderView({ coordinator: read(aState({ members })) }), []);
    const asked = { candidate: london, allowDataLoss: true, oldPrimaryIsFenced: true };
    for (const kind of ['switchover', 'failover'] as const)
      expect(planChange({ kind, ...asked }, status, null)).toMatchObject({
        ok: false,
        error: { problem: expect.stringContaining('is an observer') },
      });
  });
});

test('the explanation says why it never leads, and asks nobody to promote it', () => {
  for (const view of [observer, bothGone]) {
    const { members: explained, next } = explainView('domain-1', view, observing(view));
    expect(explained.find(({ name }) => name === london)).toMatchObject({
      mayLead: false,
      rule: 'observe',
      conditions: [{ condition: 'has data', holds: false }],
    });
    expect(next).not.toContain('--candidate london-o');
  }
});
