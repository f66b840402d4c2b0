/** Baton's own paths, under /v1/. */
import type { Context } from 'hono';
import type { z } from 'zod';
import type { Decision } from '../core/decision.ts';
import type { Explanation } from '../core/explain.ts';
import { selfReport } from '../core/self-report.ts';
import { statusOf } from '../core/status.ts';
import { isMonth } from '../core/sla/accounting/zone.ts';
import { KiB } from '../core/units.ts';
import type { View } from '../core/view.ts';
import type { DaemonFace, SubmitOutcome, TestOutcome } from '../ports/daemon-face.ts';
import { readJson } from '../wire/json-text.ts';
import { testDraftSchema } from '../wire/outbox.ts';
import { requestDraftSchema, resumeDraftSchema } from '../wire/request-draft.ts';
import { bodyText } from './body-text.ts';
import { starting } from './health-routes.ts';
import { problem, type Route } from './route.ts';

const bodyBytesMax = 16 * KiB;
const requestExample = '{kind, candidate, leader, term, by, reason, allowDataLoss, oldPrimaryIsFenced}';

export interface V1Options {
  readonly face: DaemonFace;
  readonly explain: (cluster: string, view: View, decision: Decision) => Explanation;
  /** Whether changes are accepted: on the unix socket, where the file's mode says who may. */
  readonly changes: boolean;
}

/** 202: taken, not done. 412 is Patroni's for an impossible switchover. */
const statusOfOutcome: Readonly<Record<SubmitOutcome['kind'], 202 | 412 | 504>> = {
  accepted: 202,
  refused: 412,
  unknown: 504,
};

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
          context.json(statusOf(face.cluster, view, face.incidents(), face.promises())),
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
          const month = context.req.query('month') ?? null;
          if (month !== null && !isMonth(month))
            return problem(context, 400, 'bad-month', `"${month.slice(0, 40)}" is no month`, 'write it like 2008-04');
          return context.json(face.sla(month));
        },
      },
    },
    { path: '/v1/incidents', methods: { GET: (context) => context.json({ incidents: face.incidents() }) } },
    {
      path: '/v1/incidents/:id',
      methods: {
        GET: (context) => {
          const id = context.req.param('id');
          const incident = face.incidents().find((each) => each.id === id);
          if (incident === undefined)
            return problem(
              context,
              404,
              'no-such-incident',
              `there is no incident ${id}`,
              'GET /v1/incidents lists them',
            );
          return context.json(incident);
        },
      },
    },
    { path: '/v1/notices', methods: { GET: (context) => context.json({ notices: face.notices() }) } },
    {
      path: '/v1/notices/test',
      methods: {
        POST: (context) =>
          changed(context, changes, testDraftSchema, '{channel}', async ({ channel }) => {
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
  ];
}

/** A change, checked and handed to the daemon; what it says of it is the answer. */
const change = <T>(
  context: Context,
  changes: boolean,
  shape: z.ZodType<T>,
  example: string,
  carryOut: (draft: T) => Promise<SubmitOutcome>,
): Promise<Response> =>
  changed(context, changes, shape, example, async (draft) => {
    const outcome = await carryOut(draft);
    return context.json(outcome, statusOfOutcome[outcome.kind]);
  });

async function changed<T>(
  context: Context,
  changes: boolean,
  shape: z.ZodType<T>,
  example: string,
  answer: (draft: T) => Promise<Response>,
): Promise<Response> {
  if (!changes)
    return problem(
      context,
      403,
      'socket-only',
      'changes are accepted on the unix socket of the host only',
      'run the command on the host of a member, without --api',
    );
  const text = await bodyText(context.req.raw, bodyBytesMax);
  if (text === null)
    return problem(context, 413, 'too-large', `the body is larger than ${bodyBytesMax} bytes`, 'send less');
  const draft = readJson(shape, text);
  if (!draft.ok) return problem(context, 400, 'bad-request', draft.error, `send ${example}`);
  return answer(draft.value);
}
