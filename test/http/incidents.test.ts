/** /v1/incidents: what people add and what is handed out. */
import { describe, expect, test } from 'vitest';
import type { CaseDraft } from '../../src/core/sla/case/draft.ts';
import { createApi } from '../../src/http/api.ts';
import type { CaseOutcome, DaemonFace } from '../../src/ports/daemon-face.ts';
import { closed, entry, incident2008, note, promises } from '../core/sla/case/a-case.ts';
import { bundle, divergedPart, proofOf, verified } from '../core/sla/export/an-export.ts';

const { id } = incident2008;

function served({
  outcome = { kind: 'accepted', id: 'e-1' } as CaseOutcome,
  changes = true,
  started = true,
  entries = closed,
}: {
  outcome?: CaseOutcome;
  changes?: boolean;
  started?: boolean;
  entries?: typeof closed;
} = {}) {
  const added: { incidentId: string; by: string; draft: CaseDraft }[] = [];
  const face = {
    cluster: 'domain-1',
    version: '0.1.0',
    latest: () => (started ? {} : null),
    incidents: () => [incident2008],
    cases: () => [{ incident: id, entries }],
    evidence: () => [{ ...bundle, member: 'slough-a', moment: 'after', parts: [divergedPart] }, bundle],
    promises: () => promises,
    addToCase: async (incidentId: string, by: string, draft: CaseDraft) => {
      added.push({ incidentId, by, draft });
      return outcome;
    },
    proofOf: async () => proofOf(incident2008, entries),
  } as unknown as DaemonFace;
  const onError = (error: Error) => {
    throw error;
  };
  const app = createApi({ face, explain: () => ({}) as never, changes, onError });
  const get = (path: string) => app.request(path);
  const post = (path: string, body: unknown) =>
    app.request(`/v1/incidents/${id}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { added, get, post };
}

const by = 'ada@slough-a';
const bodies: readonly (readonly [path: string, body: object, draft: CaseDraft])[] = [
  ['ack', { by }, { kind: 'acknowledged', note: '' }],
  ['note', { by, text: ' seen ' }, { kind: 'note', text: 'seen' }],
  [
    'cause',
    { by, trigger: 'a', rootCause: 'b', factors: ['c'] },
    { kind: 'cause', trigger: 'a', rootCause: 'b', factors: ['c'] },
  ],
  [
    'actions',
    { by, text: 'a', owner: 'bob', due: '2008-05-01' },
    { kind: 'action', text: 'a', owner: 'bob', due: '2008-05-01' },
  ],
  ['actions/2/done', { by, note: 'x' }, { kind: 'action-done', number: 2, note: 'x' }],
  ['review', { by, text: 'a' }, { kind: 'review', text: 'a' }],
  ['sign-off', { by, note: '' }, { kind: 'signed-off', note: '' }],
  [
    'amendments',
    { by, reason: 'r', changes: [{ field: 'loss.bytesMax', from: '0', to: '1' }] },
    { kind: 'amended', reason: 'r', changes: [{ field: 'loss.bytesMax', from: '0', to: '1' }] },
  ],
];

describe('what people add', () => {
  test.each(bodies)('%s is handed to the daemon, on the socket', async (path, body, draft) => {
    const { added, post } = served();
    const response = await post(path, body);
    expect([response.status, await response.json()]).toEqual([202, { kind: 'accepted', id: 'e-1' }]);
    expect(added).toEqual([{ incidentId: id, by, draft }]);
  });
  test.each(bodies)('%s is refused over the network', async (path, body) => {
    const { added, post } = served({ changes: false });
    expect([(await post(path, body)).status, added]).toEqual([403, []]);
  });
  test.each(bodies)('%s is refused with a field that nobody knows, or without who', async (path, body) => {
    const { added, post } = served();
    expect((await post(path, { ...body, novelty: 1 })).status).toBe(400);
    expect((await post(path, { ...body, by: ' ' })).status).toBe(400);
    expect(added).toEqual([]);
  });
  const bad: readonly (readonly [says: string, path: string, body: object, status: number])[] = [
    ['an empty note', 'note', { by, text: ' ' }, 400],
    ['a note that is too long', 'note', { by, text: 'x'.repeat(4_001) }, 400],
    ['a body that is too large', 'note', { by, text: 'x'.repeat(20_000) }, 413],
    ['a day that is none', 'actions', { by, text: 'a', owner: 'b', due: '2008-02-30' }, 400],
    ['eleven factors', 'cause', { by, trigger: 'a', rootCause: 'b', factors: Array(11).fill('c') }, 400],
    ['an amendment of nothing', 'amendments', { by, reason: 'r', changes: [] }, 400],
  ];
  test.each(bad)('%s is refused', async (_says, path, body, status) => {
    const { added, post } = served();
    expect([(await post(path, body)).status, added]).toEqual([status, []]);
  });
  const outcomes: readonly (readonly [CaseOutcome, boolean, number])[] = [
    [{ kind: 'refused', condition: 'room', problem: 'full' }, true, 412],
    [{ kind: 'unknown', problem: 'who knows' }, true, 504],
    [{ kind: 'no-such-incident' }, true, 404],
    [{ kind: 'no-such-incident' }, false, 503],
  ];
  test.each(outcomes)('answers what the daemon says: %j (started: %s)', async (outcome, started, status) => {
    const { post } = served({ outcome, started });
    expect((await post('note', { by, text: 'x' })).status).toBe(status);
  });
});

describe('what is handed out', () => {
  test('the list has what people added, one incident is as it was recorded, and its case is derived', async () => {
    const { get } = served();
    expect(await (await get('/v1/incidents')).json()).toMatchObject({ incidents: [{ id }], cases: [{ incident: id }] });
    expect(await (await get(`/v1/incidents/${id}`)).json()).toEqual(incident2008);
    expect(await (await get(`/v1/incidents/${id}/case`)).json()).toMatchObject({ signedOff: { by: 'dan@slough-a' } });
  });
  test.each(['', '/case', '/evidence', '/export', '/statement'])(
    'nothing of an incident that is none: %s',
    async (path) => {
      const { get } = served();
      const response = await get(`/v1/incidents/nope${path}`);
      expect([response.status, await response.json()]).toMatchObject([404, { error: { code: 'no-such-incident' } }]);
    },
  );
  test('an export as JSON can be verified', async () => {
    const { get } = served();
    const response = await get(`/v1/incidents/${id}/export`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(verified(await response.text()).wrong).toEqual([]);
  });
  test.each([
    ['md', 'text/markdown; charset=utf-8', /^# Incident/],
    ['html', 'text/html; charset=utf-8', /^<!doctype html>/],
  ])('an export as %s', async (format, type, begins) => {
    const { get } = served({ entries: [entry(0, note)] });
    const response = await get(`/v1/incidents/${id}/export?format=${format}`);
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      type,
      expect.stringMatching(begins),
    ]);
  });
  test('no other format', async () => {
    expect((await served().get(`/v1/incidents/${id}/export?format=pdf`)).status).toBe(400);
  });
  test('the evidence of every member, or of one, with what of it the old primary alone had', async () => {
    const { get } = served();
    expect(await (await get(`/v1/incidents/${id}/evidence`)).json()).toMatchObject({
      ...{ incident: id, tail: { member: 'slough-a', whole: true, transactions: 3 } },
      evidence: [{ member: 'slough-a' }, { member: 'reading-b' }],
    });
    const one = await get(`/v1/incidents/${id}/evidence?member=reading-b`);
    expect(await one.json()).toMatchObject({
      evidence: [{ member: 'reading-b', parts: [{ cutOff: expect.stringContaining('first 7') }] }],
    });
  });
  test('the public sentence, in the zone of the contract', async () => {
    const response = await served().get(`/v1/incidents/${id}/statement?service=the%20records`);
    expect(await response.json()).toMatchObject({
      statements: [
        { timeZone: 'Europe/London', text: expect.stringMatching(/^There was an incident from 09:15 until 09:59/) },
      ],
    });
  });
});
