/** What goes on during a soak: load as heavy as this machine can make it, and work that people do on a live system. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { openSession } from '../sql.ts';
import { dialling, pause, runChild } from './child.ts';
import { jitter } from './jitter.ts';
import { slowEtcd } from './slow-etcd.ts';
import type { Strain } from './strain.ts';

const binDir = '/usr/lib/postgresql/15/bin';
const benchClients = 8;
const benchScale = 10;

const cores: Strain = {
  name: 'cores',
  says: 'Every core is kept busy by a process that does nothing else',
  async run(stage) {
    const count = availableParallelism();
    await Promise.all(Array.from({ length: count }, () => runChild(stage, ['sh', '-c', 'while :; do :; done'])));
    return `${count} processes`;
  },
};

/** Says how fast it was only when it is let to its end: so it is run for ten seconds again and again. */
const bench: Strain = {
  name: 'pgbench',
  says: `pgbench writes with ${benchClients} clients as fast as it can`,
  async prepare(stage) {
    const program = [join(binDir, 'pgbench'), '-i', '-q', '-s', String(benchScale)] as const;
    await runChild(stage, [...program], dialling(stage, stage.leader));
  },
  async run(stage) {
    const env = dialling(stage, stage.leader);
    let transactions = 0;
    while (!stage.signal.aborted) {
      const program = [join(binDir, 'pgbench'), '-n', '-c', String(benchClients), '-j', '2', '-T', '10'] as const;
      const { stdout } = await runChild(stage, [...program], env);
      transactions += Number(/actually processed: (\d+)/.exec(stdout)?.[1] ?? 0);
    }
    return `${transactions} transactions`;
  },
};

const checkpoints: Strain = {
  name: 'checkpoints',
  says: 'For ten seconds out of every thirty, one immediate checkpoint after the other',
  async run(stage) {
    let count = 0;
    while (!stage.signal.aborted) {
      const session = await openSession(stage, stage.leader).catch(() => null);
      if (session === null) {
        await pause(1_000, stage.signal); // This program is starved like everybody else.
        continue;
      }
      try {
        const untilMono = performance.now() + 10_000;
        while (performance.now() < untilMono && !stage.signal.aborted) {
          await session.client.query('CHECKPOINT');
          count += 1;
          await pause(100, stage.signal);
        }
      } finally {
        session.drop();
      }
      await pause(20_000, stage.signal);
    }
    return `${count} checkpoints`;
  },
};

const backup: Strain = {
  name: 'base-backup',
  says: 'A base backup is taken from the primary, one after the other',
  async run(stage) {
    const env = dialling(stage, stage.leader);
    let count = 0;
    while (!stage.signal.aborted) {
      const program = [join(binDir, 'pg_basebackup'), '-D', '-', '-Ft', '-X', 'none', '-c', 'fast'] as const;
      await runChild(stage, ['sh', '-c', 'exec "$@" >/dev/null', 'sh', ...program], env);
      if (!stage.signal.aborted) count += 1;
      await pause(5_000, stage.signal);
    }
    return `${count} backups`;
  },
};

/** The third member, so that the other standby can lead all the time. */
const clone: Strain = {
  name: 'clone',
  says: 'The third member loses its data and is cloned, every minute',
  impossible: (cluster) => (cluster.members.length < 3 ? 'there is no third member' : null),
  async run({ cluster, leader, signal, say }) {
    const third = cluster.members.findLast((name) => name !== leader) ?? '';
    let count = 0;
    while (!signal.aborted) {
      await cluster.killHost(third);
      rmSync(cluster.rig.member(third).files.dataDir, { recursive: true });
      await cluster.switchOn(third);
      await cluster.untilRedundant(120_000);
      count += 1;
      say(`${third} was cloned`);
      await pause(60_000, signal);
    }
    return `${count} clones`;
  },
};

export const strains: readonly Strain[] = [cores, bench, checkpoints, backup, clone, slowEtcd, jitter];
