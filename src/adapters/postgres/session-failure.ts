/** What an error of the driver, the kernel or the server means to the one who asked. */
import { DatabaseError } from 'pg';
import { isSystemError, SessionFailure } from './failure.ts';
import type { SessionTarget } from './session.ts';

/** The kernel's word that nobody listens; a unix socket that is not there says the same. */
const refusals = ['ECONNREFUSED', 'ENOENT'];

export function sessionFailure(target: SessionTarget, error: unknown): SessionFailure {
  if (error instanceof SessionFailure) return error;
  const where = placeOf(target);
  if (error instanceof DatabaseError) {
    return new SessionFailure('answered', `PostgreSQL at ${where}: ${error.message}`, error.code ?? null);
  }
  if (isSystemError(error)) {
    const code = error.code ?? '';
    if (refusals.includes(code)) return new SessionFailure('refused', `nobody listens at ${where}`);
    if (code === 'ETIMEDOUT') return new SessionFailure('timed-out', `no answer from ${where}`);
    return new SessionFailure('unreachable', `${where}: ${code}`);
  }
  const text = error instanceof Error ? error.message : String(error);
  return new SessionFailure('unreachable', `${where}: ${text}`);
}

const placeOf = ({ endpoint }: SessionTarget): string =>
  endpoint.host.startsWith('/') ? `${endpoint.host}/.s.PGSQL.${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
