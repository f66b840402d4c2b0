import { checkEntry } from '../../src/adapters/journal/ledger-chain.ts';
import { extractEntries } from '../../src/adapters/journal/ledger-extract.ts';
import { journalIn, journalTexts } from '../../src/adapters/journal/journal-lines.ts';
import { createApiClient } from '../../src/cli/api-client.ts';
import type { EtcdReader } from '../../src/cli/etcd-reader.ts';
import { run } from '../../src/cli/run.ts';
import { usage } from '../../src/cli/failure.ts';
import { err, ok } from '../../src/core/result.ts';
import { realClock } from '../support/real-clock.ts';
import { FakeApi, type Handler } from './fake-api.ts';
import { FakeTerminal } from './fake-terminal.ts';

export interface Ran {
  readonly exit: number;
  readonly terminal: FakeTerminal;
  readonly posted: readonly unknown[];
}

/** Runs `baton ARGV` (split at blanks, or as it is given) against an API that answers so, or against none. */
export async function baton(
  argv: string | readonly string[],
  handlers: Readonly<Record<string, Handler>> | null,
  { says = null, etcd = null }: { says?: boolean | null; etcd?: EtcdReader | null } = {},
): Promise<Ran> {
  const terminal = new FakeTerminal(says);
  await using api = handlers === null ? null : await FakeApi.start(handlers);
  const path = api?.socketPath ?? '/nowhere/batond.sock';
  const exit = await run(typeof argv === 'string' ? argv.split(' ') : argv, {
    terminal,
    clock: realClock,
    signal: new AbortController().signal,
    version: '0.1.0',
    caller: 'ada@slough-a',
    ledger: { checkEntry, extract: extractEntries },
    journal: {
      files: journalIn,
      texts: journalTexts,
      host: () => err(usage('no configuration', 'Name one with --config FILE.')),
    },
    connect: async () => ok({ api: createApiClient({ kind: 'socket', path }, realClock), etcd }),
  });
  const posted = api?.asked.filter((asked) => asked.method === 'POST').map((asked) => asked.body) ?? [];
  return { exit, terminal, posted };
}
