/** A guardian as a process: its lock, socket, lease file and signals around the loop. */
import { join } from 'node:path';
import { createProcessHost } from '../adapters/process-host.ts';
import { err, ok, type Result } from '../core/result.ts';
import { lockStateDirectory } from '../guardian/guardian-lock.ts';
import { leaseFile } from '../guardian/lease-file.ts';
import { createLogFile } from '../guardian/log-file.ts';
import { runGuardian } from '../guardian/run-guardian.ts';
import { SocketServer } from '../guardian/socket-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/coordinator.ts';
import type { GuardianSpec } from '../wire/guardian-spec.ts';
import { newLeaseId } from './new-lease-id.ts';

/** Runs until SIGTERM has been obeyed. The error says who holds the state directory. */
export async function runGuardianProcess(
  spec: GuardianSpec,
  leases: LeaseStore,
  clock: Clock,
): Promise<Result<void, string>> {
  const host = createProcessHost({ outputPath: join(spec.stateDir, 'postgres.log') });
  const self = host.identify(process.pid);
  if (self === null) return err('/proc does not show this process: Baton needs Linux with /proc mounted');
  const locked = lockStateDirectory(spec.stateDir, host, self);
  if (!locked.ok) return locked;

  const { log, flushed } = createLogFile(1, clock);
  log('begin', { pid: self.pid, cluster: spec.cluster, member: spec.member, dataDir: spec.dataDir });
  const link = new SocketServer({ path: join(spec.stateDir, 'guardian.sock'), dataDir: spec.dataDir, self, log });
  const stop = new AbortController();
  const kept = leaseFile(spec.stateDir);
  const guardian = runGuardian(
    { dataDir: spec.dataDir, clock, leases, host, link, kept, newLeaseId, log },
    stop.signal,
  );
  process.on('SIGTERM', guardian.terminate);
  process.on('SIGINT', guardian.terminate);
  // Its batond's terminal is not its own.
  process.on('SIGHUP', () => undefined);
  await guardian.ended;
  await flushed(200);
  return ok(undefined);
}
