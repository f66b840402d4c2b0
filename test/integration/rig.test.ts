import { existsSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startRig } from '../../scripts/rig/rig.ts';

test('a rig has an etcd, members on addresses of their own, and says what it saw when a fact does not come', async () => {
  const rig = await startRig({ members: ['a', 'b'], etcdMembers: 3, mode: 'strict' });
  const { directory, etcd } = rig;
  try {
    expect(etcd.endpoints).toHaveLength(3);
    expect(etcd.directory.startsWith(`${directory}/`)).toBe(true);
    expect(statSync(directory).mode & 0o777).toBe(0o711);
    const [a, b] = rig.clientEndpoints();
    expect([a?.name, b?.name]).toEqual(['a', 'b']);
    expect(a?.host).not.toBe(b?.host);
    expect(() => rig.member('c')).toThrow('no member c in this rig, there are: a b');
    await expect(rig.waitFor('pigs fly', 100, () => false)).rejects.toThrow(
      /^not within 100 ms: pigs fly\n--- a: status [\s\S]*\n--- b: status /,
    );
    expect(await rig.waitFor('a fact', 100, async () => 'fact')).toBe('fact');
  } finally {
    await Promise.all([rig.stopAll(), rig.stopAll()]);
  }
  expect(existsSync(directory)).toBe(false);
  expect(etcd.pids.filter((pid) => existsSync(`/proc/${pid}/cwd`))).toEqual([]);
});
