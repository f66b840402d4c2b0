/** A program of this host, without a shell: the notice as JSON on its standard input, done when it exits with 0. */
import { spawn } from 'node:child_process';
import { err, ok, type Result } from '../../core/result.ts';
import { cloudEvent } from '../../core/sla/notices/envelopes.ts';
import type { Notice } from '../../core/sla/notices/notice.ts';
import type { DeliveryProblem } from '../../core/sla/notices/outbox.ts';
import { KiB } from '../../core/units.ts';
import type { Delivery } from '../../ports/notifier.ts';
import { errorText } from './error-text.ts';

const outputBytesMax = 4 * KiB;
const shownMax = 300;

export function runCommand(
  argv: readonly string[],
  notice: Notice,
  signal: AbortSignal,
): Promise<Result<Delivery, DeliveryProblem>> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    // Its own process group, so that all of it can be ended. Away from the data directory: a fence kills whoever is there.
    const child = spawn(program, args, {
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', BATON_NOTICE_KEY: notice.key },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        if (said.length < outputBytesMax) said += piece.toString('utf8').slice(0, outputBytesMax - said.length);
      });
    const end = (result: Result<Delivery, DeliveryProblem>): void => {
      signal.removeEventListener('abort', killed);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      resolve(result);
    };
    const killed = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      end(err({ kind: 'passing', problem: `${program} was killed: ${errorText(signal.reason)}` }));
    };
    child.once('error', (error) => end(err({ kind: 'lasting', problem: `${program}: ${errorText(error)}` })));
    child.once('exit', (code, by) => {
      if (code === 0) end(ok({ remark: null }));
      else end(err({ kind: 'passing', problem: failure(program, code, by, said) }));
    });
    // A program that does not read what it is given says by its exit code whether that was well.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(cloudEvent(notice))}\n`);
    if (signal.aborted) killed();
    else signal.addEventListener('abort', killed, { once: true });
  });
}

function failure(program: string, code: number | null, by: NodeJS.Signals | null, said: string): string {
  const words = said
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, shownMax);
  return `${program} ${code === null ? `was ended by ${by}` : `exited with ${code}`}${words === '' ? '' : `: "${words}"`}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
