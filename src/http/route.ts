/** Routes as a table: what answers which method of which path, and an answer for every other method. */
import type { Context, Hono } from 'hono';

export type Method = 'GET' | 'POST' | 'OPTIONS';
export type Handler = (context: Context) => Response | Promise<Response>;

export interface Route {
  readonly path: string;
  /** HEAD comes with GET. */
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
}

/** Errors are for a person: `hint` says what to do. */
export const problem = (
  context: Context,
  status: 400 | 403 | 404 | 405 | 409 | 413 | 500 | 503,
  code: string,
  text: string,
  hint: string,
): Response => context.json({ error: { code, problem: text, hint } }, status);

export function mount(app: Hono, routes: readonly Route[]): void {
  for (const { path, methods } of routes) {
    for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
    const allowed = [...Object.keys(methods), ...(methods.GET === undefined ? [] : ['HEAD'])].join(', ');
    app.all(path, (context) => {
      context.header('allow', allowed);
      return problem(context, 405, 'method-not-allowed', `${context.req.method} is not for ${path}`, `use ${allowed}`);
    });
  }
}
