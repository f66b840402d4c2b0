import { describe, expect, test } from 'vitest';
import { plannedRoutes } from '../../src/http/planned-routes.ts';
import { mount } from '../../src/http/route.ts';
import { Hono } from 'hono';
import type { DaemonFace } from '../../src/ports/daemon-face.ts';
import type { PlannedFace } from '../../src/ports/planned-face.ts';
import { aContract, sites } from '../core/sla/facts.ts';
import { anAnnouncement, hour } from '../core/sla/maintenance/an-announcement.ts';
import { nothingPlanned } from './nothing-planned.ts';

const contract = aContract({ exclusions: { maintenance: { noticeDays: 7, capMsPerMonth: 4 * hour } } });

function anApi(changes: boolean, but: Partial<PlannedFace> = {}) {
  const app = new Hono();
  const face = {
    ...nothingPlanned({ kind: 'accepted', id: 'x-1' }),
    promises: () => ({ sites, contracts: [contract] }),
    announcements: () => [anAnnouncement()],
    ...but,
  };
  mount(app, plannedRoutes(face as unknown as DaemonFace, changes));
  return app;
}
const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
const draft = {
  from: '2008-05-04T02:00:00+01:00',
  to: '2008-05-04T04:00:00+01:00',
  contracts: null,
  sites: ['wexham'],
  by: 'ada',
  reason: '',
};

describe('/v1/maintenance', () => {
  test('lists what is announced, with what it means for each contract', async () => {
    const response = await anApi(false).request('/v1/maintenance');
    expect(await response.json()).toMatchObject({
      maintenance: [{ id: 'kernel', rulings: [{ contract: contract.id, excluded: true }] }],
    });
  });

  test('takes an announcement with instants in any zone', async () => {
    const drafts: unknown[] = [];
    const announce: PlannedFace['announce'] = async (given) => {
      drafts.push(given);
      return { kind: 'accepted', id: 'x-1' };
    };
    const response = await anApi(true, { announce }).request('/v1/maintenance', post(draft));
    expect([response.status, await response.json()]).toEqual([202, { kind: 'accepted', id: 'x-1' }]);
    expect(drafts).toEqual([{ ...draft, from: Date.parse(draft.from), to: Date.parse(draft.to) }]);
  });

  test('calls off what its path names', async () => {
    const drafts: unknown[] = [];
    const cancelMaintenance: PlannedFace['cancelMaintenance'] = async (given) => {
      drafts.push(given);
      return { kind: 'refused', condition: 'announced', problem: 'no such window' };
    };
    const api = anApi(true, { cancelMaintenance });
    const response = await api.request('/v1/maintenance/kernel/cancel', post({ by: 'bob', reason: 'later' }));
    expect([response.status, drafts]).toEqual([412, [{ id: 'kernel', by: 'bob', reason: 'later' }]]);
  });
});

describe('changes of planned work', () => {
  const drill = { candidate: 'reading-b', leader: 'slough-a', term: 39, by: 'ada', reason: '' };
  const asked: readonly (readonly [path: string, body: unknown])[] = [
    ['/v1/maintenance', draft],
    ['/v1/maintenance/kernel/cancel', { by: 'bob', reason: '' }],
    ['/v1/drills', drill],
  ];
  test.for(asked)('%s is for the unix socket only', async ([path, body]) => {
    expect((await anApi(false).request(path, post(body))).status).toBe(403);
    expect((await anApi(true).request(path, post(body))).status).toBe(202);
  });

  test.for([
    ['/v1/maintenance', { ...draft, from: 'tomorrow' }],
    ['/v1/maintenance', { ...draft, sites: [] }],
    ['/v1/maintenance', { ...draft, at: '2008-01-01T00:00:00Z' }],
    ['/v1/maintenance', { ...draft, by: '' }],
    ['/v1/drills', { ...drill, candidate: 'The Best' }],
    ['/v1/drills', { ...drill, allowDataLoss: true }],
  ] as const)('%s refuses what it does not understand', async ([path, body]) => {
    const response = await anApi(true).request(path, post(body));
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'bad-request' } }]);
  });
});

test('reports are asked for by month', async () => {
  const api = anApi(false, { contractReports: () => [] });
  expect((await api.request('/v1/reports?month=2008-04')).status).toBe(200);
  expect((await api.request('/v1/reports')).status).toBe(400);
  expect((await api.request('/v1/reports?month=April')).status).toBe(400);
});

test('the terms are answered with, and not how people are told', async () => {
  const told = {
    sites: sites.map((site) => ({ ...site, channels: ['desk'] })),
    contracts: [{ ...contract, channels: ['desk'] }],
  };
  const response = await anApi(false, { promises: () => told } as Partial<PlannedFace>).request('/v1/promises');
  expect(await response.json()).toEqual({ sites, contracts: [contract] });
});

test.for(['/v1/drills', '/v1/runs', '/v1/promises'])('%s answers', async (path) => {
  expect((await anApi(false).request(path)).status).toBe(200);
});
