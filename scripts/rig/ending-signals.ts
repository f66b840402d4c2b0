/** Ctrl-C and SIGTERM end what is registered first, and then this process. A second one changes nothing. */
const cleanups = new Set<() => Promise<void>>();
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let ending = false;

/** The returned function takes the registration back. */
export function onEndingSignals(cleanup: () => Promise<void>): () => void {
  if (cleanups.size === 0) for (const signal of signals()) process.on(signal, end);
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size === 0 && !ending) for (const signal of signals()) process.off(signal, end);
  };
}

const signals = () => Object.keys(exitCodes) as (keyof typeof exitCodes)[];

function end(signal: NodeJS.Signals): void {
  if (ending) return;
  ending = true;
  void Promise.allSettled([...cleanups].map((cleanup) => cleanup())).then((results) => {
    for (const result of results) if (result.status === 'rejected') process.stderr.write(`${String(result.reason)}\n`);
    process.exit(exitCodes[signal as keyof typeof exitCodes]);
  });
}
