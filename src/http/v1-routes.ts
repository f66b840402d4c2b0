/** Baton's own paths, under /v1/. */
import type { Context } from 'hono';
import type { Decision } from '../core/decision.ts';
import type { Explanation } from '../core/explain.ts';
import { selfReport } from '../core/self-report.ts';
import { statusOf } from '../core/status.ts';
import type { View } from '../core/view.ts';
import type { DaemonFace, TestOutcome } from '../ports/daemon-face.ts';
import { formatNearMiss } from '../wire/near-miss.ts';
import { testDraftSchema } from '../wire/outbox.ts';
import { requestDraftSchema, resumeDraftSchema } from '../wire/request-draft.ts';
import { readAsked } from '../wire/sla.ts';
import { change } from './change.ts';
import { starting } from './health-routes.ts';
import { incidentRoutes } from './incident-routes.ts';
import { plannedRoutes } from './planned-routes.ts';
import { problem, type Route } from './route.ts';

const requestExample = '{kind, candidate, leader, term, by, reason, allowDataLoss, oldPrimaryIsFenced}';

export interface V1Options {
  readonly face: DaemonFace;
  readonly explain: (cluster: string, view: View, decision: Decision) => Explanation;
  /** Whether changes are accepted: on the unix socket, where the file's mode says who may. */
  readonly changes: boolean;
}

/** RFC 3339, in UTC. */
const isInstant = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(text) && !Number.isNaN(Date.parse(text));

/** 502: the channel did not take it. */
const statusOfTest: Readonly<Record<TestOutcome['kind'], 200 | 404 | 502>> = {
  delivered: 200,
  'no-such-channel': 404,
  'not-delivered': 502,
};

export function v1Routes({ face, explain, changes }: V1Options): readonly Route[] {
  const withView =
    (answer: (context: Context, latest: NonNullable<ReturnType<DaemonFace['latest']>>) => Response) =>
    (context: Context) => {
      const latest = face.latest();
      return latest === null ? starting(context) : answer(context, latest);
    };
  return [
    {
      path: '/v1/self',
      methods: {
        GET: withView((context, { view, decision, wall }) =>
          context.json(selfReport(face.cluster, face.version, view, decision, wall)),
        ),
      },
    },
    {
      path: '/v1/status',
      methods: {
        GET: withView((context, { view }) =>
          context.json(
            statusOf(face.cluster, view, face.incidents(), face.promises(), face.cases(), face.contractProblems()),
          ),
        ),
      },
    },
    {
      path: '/v1/explain',
      methods: { GET: withView((context, { view, decision }) => context.json(explain(face.cluster, view, decision))) },
    },
    {
      path: '/v1/sla',
      methods: {
        GET: (context) => {
          const { month, from, to } = context.req.query();
          const asked = readAsked({ month, from, to });
          if (asked.ok) return context.json(face.sla(asked.value));
          const code = from === undefined && to === undefined ? 'bad-month' : 'bad-window';
          return problem(
            context,
            400,
            code,
            asked.error,
            'write ?month=2008-04, or ?from= and &to= as RFC 3339 instants',
          );
        },
      },
    },
    ...incidentRoutes(face, changes),
    {
      path: '/v1/near-misses',
      methods: {
        GET: (context) => {
          const text = context.req.query('since') ?? null;
          const since = text === null ? 0 : Date.parse(text);
          if (text !== null && !isInstant(text))
            return problem(
              context,
              400,
              'bad-instant',
              `"${text.slice(0, 40)}" is no instant`,
              'write ?since=2008-04-24T09:15:00Z',
            );
          const nearMisses = face.nearMisses().filter(({ until }) => until >= since);
          return context.json({ nearMisses: nearMisses.map(formatNearMiss) });
        },
      },
    },
    { path: '/v1/notices', methods: { GET: (context) => context.json({ notices: face.notices() }) } },
    {
      path: '/v1/notices/test',
      methods: {
        POST: (context) =>
          change(context, changes, testDraftSchema, '{channel}', async ({ channel }) => {
            const outcome = await face.testChannel(channel);
            return context.json(outcome, statusOfTest[outcome.kind]);
          }),
      },
    },
    {
      path: '/v1/requests',
      methods: {
        POST: (context) => change(context, changes, requestDraftSchema, requestExample, (draft) => face.submit(draft)),
      },
    },
    {
      path: '/v1/resume',
      methods: {
        POST: (context) => change(context, changes, resumeDraftSchema, '{by, reason}', (draft) => face.resume(draft)),
      },
    },
    {
      path: '/v1/requests/:id',
      methods: { GET: (context) => context.json(face.progress(context.req.param('id') ?? '')) },
    },
    ...plannedRoutes(face, changes),
  ];
}
