/**
 * `--keep`: the demo plays in a process of its own that outlives this one and holds the cluster. What it prints comes
 * over the channel between the two, so that nothing of this process's terminal or pipes stays open after its end.
 */
import { spawn } from 'node:child_process';

/** `print` for standard output, `say` for standard error. */
export type Shown = { readonly kind: 'print' | 'say'; readonly text: string };
export type KeeperMessage = Shown | { readonly kind: 'kept'; readonly exitCode: number };

/** The exit code, once the cluster is left running or everything is gone. */
export function playInKeeper(program: string, args: readonly string[], show: (shown: Shown) => void): Promise<number> {
  const keeper = spawn(process.execPath, [program, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  keeper.stderr?.on('data', (text: Buffer) => show({ kind: 'say', text: text.toString() }));
  const forward = (signal: NodeJS.Signals) => void keeper.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    keeper.once('error', reject);
    keeper.once('exit', (code) => resolve(code ?? 1));
    keeper.on('message', (message: KeeperMessage) => {
      if (message.kind !== 'kept') return show(message);
      keeper.disconnect();
      keeper.stderr?.destroy();
      keeper.unref();
      resolve(message.exitCode);
    });
  });
}

/** In the keeper: to whom it talks. It ends like after SIGTERM when the other is gone before the cluster was kept. */
export function talkToStarter(): (message: KeeperMessage) => Promise<void> {
  let kept = false;
  process.stderr.on('error', () => undefined); // Nobody reads it any more.
  process.once('disconnect', () => {
    if (!kept) process.kill(process.pid, 'SIGTERM');
  });
  return (message) =>
    new Promise((resolve) => {
      kept ||= message.kind === 'kept';
      if (process.send === undefined || !process.connected) return resolve();
      process.send(message, () => resolve());
    });
}
