/** The HTTP API of one daemon. Answers are made from memory: no request waits for postgres or etcd, but POST. */
import { Hono } from 'hono';
import { healthRoutes } from './health-routes.ts';
import { mount, problem } from './route.ts';
import { type V1Options, v1Routes } from './v1-routes.ts';

export interface ApiOptions extends V1Options {
  /** Where a bug in a handler is told; the caller gets no details. */
  readonly onError: (error: Error) => void;
}

export function createApi(options: ApiOptions): Hono {
  const app = new Hono();
  mount(app, [...healthRoutes(options.face), ...v1Routes(options)]);
  app.notFound((context) =>
    problem(
      context,
      404,
      'not-found',
      `there is no ${context.req.path.slice(0, 100)}`,
      "Patroni's health paths and /v1/status, /v1/explain, /v1/incidents are",
    ),
  );
  app.onError((error, context) => {
    options.onError(error);
    return problem(context, 500, 'internal', 'the daemon failed to answer', 'see its log: this is a bug in Baton');
  });
  return app;
}
