import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aPrimary, aStandby, binDir, eventually, must, never } from '../support/real-postgres.ts';

test('a consumer of logical replication that reads nothing does not hold up a shutdown, and the standby keeps its stream', async () => {
  await using leader = await aPrimary('a', ['b'], { parameters: { shared_buffers: '16MB', wal_level: 'logical' } });
  await using standby = await aStandby('b', leader);
  leader.sql("SELECT pg_create_logical_replication_slot('reports', 'test_decoding')");
  const { host, port } = leader.upstream;
  const consumer = spawn(
    join(binDir, 'pg_recvlogical'),
    ['-h', host, '-p', String(port), '-U', 'postgres', '-d', 'postgres', '-S', 'reports', '--start', '-f', '/dev/null'],
    { env: { PGPASSWORD: 'super secret' }, stdio: 'ignore' },
  );
  try {
    const active = "SELECT active FROM pg_replication_slots WHERE slot_name = 'reports'";
    await eventually(async () => (leader.sql(active) === 't' ? true : null), 'the consumer is there');
    consumer.kill('SIGSTOP');
    must(await leader.postgres.endLogicalStreams(never));
    expect(leader.sql(active)).toBe('f');
    expect(standby.sql('SELECT status FROM pg_stat_wal_receiver')).toBe('streaming');
    const began = performance.now();
    await leader.stop('SIGINT');
    // Without it the shutdown waits for wal_sender_timeout, two seconds.
    expect(performance.now() - began).toBeLessThan(1_500);
  } finally {
    const gone = once(consumer, 'exit');
    consumer.kill('SIGKILL');
    await gone;
  }
});
