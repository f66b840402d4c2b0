/** What an error of the driver, the kernel or the server means to the one who asked. */
import { DatabaseError } from 'pg';
import { SessionFailure } from './failure.ts';
import type { SessionTarget } from './session.ts';

/** The kernel's word that nobody listens; a unix socket that is not there says the same. */
const refusals = ['ECONNREFUSED', 'ENOENT'];

export function sessionFailure(target: SessionTarget, error: unknown): SessionFailure {
  if (error instanceof SessionFailure) return error;
  const where = placeOf(target);
  if (error instanceof DatabaseError) {
    return new SessionFailure('answered', `PostgreSQL at ${where}: ${error.message}`, error.code ?? null);
  }
  const code = codeOf(error);
  if (code !== null) {
    if (refusals.includes(code)) return new SessionFailure('refused', `nobody listens at ${where}`);
    if (code === 'ETIMEDOUT') return new SessionFailure('timed-out', `no answer from ${where}`);
    return new SessionFailure('unreachable', `${where}: ${code}`);
  }
  const text = error instanceof Error ? error.message : String(error);
  return new SessionFailure('unreachable', `${where}: ${text}`);
}

/** A host with several addresses fails with one error for all of them, which has a code and no system call. */
const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

const placeOf = ({ endpoint }: SessionTarget): string =>
  endpoint.host.startsWith('/') ? `${endpoint.host}/.s.PGSQL.${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
