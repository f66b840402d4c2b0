/** Incidents and what people add to them, under /v1/incidents. */
import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Case } from '../core/sla/case/case.ts';
import { caseOf, casesOf } from '../core/sla/case/case-of.ts';
import type { CaseDraft } from '../core/sla/case/draft.ts';
import { tailOf } from '../core/sla/evidence/diverged-tail.ts';
import { exportHtml } from '../core/sla/export/html.ts';
import { exportJson, incidentExport, type IncidentExport } from '../core/sla/export/incident-export.ts';
import { exportMarkdown } from '../core/sla/export/markdown.ts';
import { statements } from '../core/sla/statements.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import { actionDoneBody, type CaseBody, caseBodies } from '../wire/case-draft.ts';
import { change } from './change.ts';
import { starting } from './health-routes.ts';
import { type Handler, problem, type Route } from './route.ts';

/** `send` is what to send, for who sent something else. */
interface Addition {
  readonly path: string;
  readonly shape: z.ZodType<CaseBody>;
  readonly send: string;
}

const additions: readonly Addition[] = [
  { path: 'ack', shape: caseBodies.acknowledged, send: '{by, note}' },
  { path: 'note', shape: caseBodies.note, send: '{by, text}' },
  { path: 'cause', shape: caseBodies.cause, send: '{by, trigger, rootCause, factors}' },
  { path: 'actions', shape: caseBodies.action, send: '{by, text, owner, due}, due like 2008-05-01' },
  { path: 'review', shape: caseBodies.review, send: '{by, text}' },
  { path: 'sign-off', shape: caseBodies['signed-off'], send: '{by, note}' },
  {
    path: 'amendments',
    shape: caseBodies.amended,
    send: '{by, reason, changes: [{field, from, to}]}, values as JSON text',
  },
];

/** How an export is served; the daemon's own version makes it, so that a check knows how the case was derived. */
const formats: ReadonlyMap<string, readonly [type: string, render: (document: IncidentExport) => string]> = new Map([
  ['json', ['application/json; charset=utf-8', exportJson]],
  ['md', ['text/markdown; charset=utf-8', exportMarkdown]],
  ['html', ['text/html; charset=utf-8', exportHtml]],
]);

export function incidentRoutes(face: DaemonFace, changes: boolean): readonly Route[] {
  const find = (context: Context): Case | null => {
    const incident = face.incidents().find(({ id }) => id === context.req.param('id'));
    return incident === undefined ? null : caseOf(incident, entriesOf(face, incident.id));
  };
  const withCase =
    (answer: (context: Context, held: Case) => Response | Promise<Response>): Handler =>
    (context) => {
      const held = find(context);
      return held === null ? noSuchIncident(context, face) : answer(context, held);
    };
  const addTo = async (context: Context, by: string, draft: CaseDraft) => {
    const outcome = await face.addToCase(context.req.param('id') ?? '', by, draft);
    return outcome.kind === 'no-such-incident' ? noSuchIncident(context, face) : outcome;
  };
  const add =
    ({ shape, send }: Omit<Addition, 'path'>): Handler =>
    (context) =>
      change(context, changes, shape, send, ({ by, draft }) => addTo(context, by, draft));
  return [
    {
      path: '/v1/incidents',
      methods: { GET: (context) => context.json({ incidents: face.incidents(), cases: face.cases() }) },
    },
    {
      path: '/v1/incidents/:id',
      methods: {
        GET: (context) => {
          const incident = face.incidents().find(({ id }) => id === context.req.param('id'));
          return incident === undefined ? noSuchIncident(context, face) : context.json(incident);
        },
      },
    },
    {
      path: '/v1/incidents/:id/case',
      methods: { GET: withCase((context, held) => context.json(held)) },
    },
    {
      path: '/v1/incidents/:id/evidence',
      methods: {
        GET: withCase((context, { incident }) => {
          const member = context.req.query('member');
          const bundles = face.evidence(incident.id);
          return context.json({
            incident: incident.id,
            tail: tailOf(incident, bundles),
            evidence: member === undefined ? bundles : bundles.filter((bundle) => bundle.member === member),
          });
        }),
      },
    },
    {
      path: '/v1/incidents/:id/statement',
      methods: {
        GET: withCase((context, { incident }) => {
          const service = context.req.query('service') ?? face.cluster;
          const tail = tailOf(incident, face.evidence(incident.id));
          const drafts = statements(incident, face.promises(), service.slice(0, 200), tail);
          return drafts.ok
            ? context.json({ statements: drafts.value })
            : problem(context, 409, 'not-known', drafts.error, 'the statement needs both ends of the outage');
        }),
      },
    },
    {
      path: '/v1/incidents/:id/export',
      methods: { GET: withCase((context, held) => served(context, face, held)) },
    },
    ...additions.map(({ path, ...addition }) => ({
      path: `/v1/incidents/:id/${path}`,
      methods: { POST: add(addition) },
    })),
    {
      path: '/v1/incidents/:id/actions/:number/done',
      methods: {
        POST: (context) =>
          change(context, changes, actionDoneBody, '{by, note}', ({ by, note }) =>
            addTo(context, by, { kind: 'action-done', number: Number(context.req.param('number')), note }),
          ),
      },
    },
  ];
}

async function served(context: Context, face: DaemonFace, { incident: { id } }: Case): Promise<Response> {
  const format = formats.get(context.req.query('format') ?? 'json');
  if (format === undefined)
    return problem(context, 400, 'bad-format', 'there is no such format', `use ${[...formats.keys()].join(', ')}`);
  const recorded = face.incidents().find((each) => each.id === id);
  if (recorded === undefined) return noSuchIncident(context, face);
  // Before the entries: one that the ledger has and they have not would look like one that was left out.
  const ledger = await face.proofOf(id);
  const document = incidentExport(
    {
      incident: recorded,
      entries: entriesOf(face, id),
      all: casesOf(face.incidents(), face.cases()).map(({ incident }) => incident),
      promises: face.promises(),
      evidence: face.evidence(id),
      ledger,
      exportedAt: new Date().toISOString(),
      madeBy: face.version,
    },
    sha256,
  );
  const [type, render] = format;
  return context.body(render(document), 200, { 'content-type': type });
}

const entriesOf = (face: DaemonFace, id: string) => face.cases().find(({ incident }) => incident === id)?.entries ?? [];

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

function noSuchIncident(context: Context, face: DaemonFace): Response {
  if (face.latest() === null) return starting(context);
  const id = (context.req.param('id') ?? '').slice(0, 100);
  return problem(context, 404, 'no-such-incident', `there is no incident ${id}`, 'GET /v1/incidents lists them');
}
