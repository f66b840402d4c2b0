/** Patroni's health paths: 200 or 503, with its status JSON. HEAD and OPTIONS get the status line only. */
import type { Context } from 'hono';
import { type HealthCheck, isAlive, isHealthy, isReady } from '../core/health.ts';
import { patroniCluster, patroniHistory, patroniStatus } from '../core/patroni-documents.ts';
import type { Result } from '../core/result.ts';
import { statusOf } from '../core/status.ts';
import type { View } from '../core/view.ts';
import type { DaemonFace } from '../ports/daemon-face.ts';
import { parseLagOf, parseLimits } from './health-query.ts';
import { type Handler, problem, type Route } from './route.ts';

/** Patroni's second names for the same checks are kept. */
const checks: readonly (readonly [path: string, check: HealthCheck])[] = [
  ['/primary', 'primary'],
  ['/read-write', 'primary'],
  ['/master', 'primary'],
  ['/leader', 'leader'],
  ['/replica', 'replica'],
  ['/read-only', 'read-only'],
  ['/synchronous', 'synchronous'],
  ['/sync', 'synchronous'],
  ['/read-only-sync', 'read-only-sync'],
  ['/asynchronous', 'asynchronous'],
  ['/async', 'asynchronous'],
  ['/health', 'health'],
];

export function healthRoutes(face: DaemonFace): readonly Route[] {
  const check = (path: string, passes: (view: View, query: URLSearchParams) => Result<boolean, string>): Route => {
    const answer: Handler = (context) => {
      const latest = face.latest();
      if (latest === null) return verdict(context, false, { state: 'starting', patroni: about(face) });
      const result = passes(latest.view, new URL(context.req.url).searchParams);
      if (!result.ok) return problem(context, 400, 'bad-query', result.error, 'mend the query of the health check');
      return verdict(context, result.value, patroniStatus(face.cluster, face.version, latest.view, latest.wall));
    };
    return { path, methods: { GET: answer, OPTIONS: answer } };
  };
  return [
    ...checks.map(([path, name]) =>
      check(path, (view, query) => {
        const limits = parseLimits(query);
        return limits.ok ? { ok: true, value: isHealthy(name, view, limits.value) } : limits;
      }),
    ),
    check('/readiness', (view, query) => {
      const lag = parseLagOf(query);
      const mode = query.get('mode') ?? 'apply';
      if (mode !== 'apply' && mode !== 'write') return { ok: false, error: 'mode is neither apply nor write' };
      return lag.ok ? { ok: true, value: isReady(view, mode, lag.value) } : lag;
    }),
    check('/liveness', (view) => ({ ok: true, value: isAlive(view, face.loopAgeMs()) })),
    check('/patroni', () => ({ ok: true, value: true })),
    { path: '/cluster', methods: { GET: (context) => cluster(context, face) } },
    { path: '/history', methods: { GET: (context) => history(context, face) } },
  ];
}

/** HEAD is answered as GET and loses its body on the way. */
function verdict(context: Context, passes: boolean, document: unknown): Response {
  const status = passes ? 200 : 503;
  return context.req.method === 'OPTIONS' ? context.body(null, status) : context.json(document, status);
}

const about = (face: DaemonFace) => ({ version: face.version, scope: face.cluster });

function cluster(context: Context, face: DaemonFace): Response {
  const latest = face.latest();
  if (latest === null) return starting(context);
  return context.json(patroniCluster(statusOf(face.cluster, latest.view, face.incidents())));
}

function history(context: Context, face: DaemonFace): Response {
  const latest = face.latest();
  if (latest === null || latest.view.coordinator.kind !== 'read') return starting(context);
  const key = latest.view.coordinator.state.history;
  if (key.kind === 'malformed')
    return problem(context, 500, 'malformed-key', key.problem, 'look at it with etcdctl: somebody else wrote it');
  return context.json(patroniHistory(key.kind === 'present' ? key.value : []));
}

export const starting = (context: Context): Response =>
  problem(
    context,
    503,
    'starting',
    'this daemon has not read etcd yet',
    'ask again in a second; if it lasts, see its log',
  );
