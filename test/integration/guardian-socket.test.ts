import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GuardianRig, isAlive } from '../support/guardian-rig.ts';

/** Sends the text; resolves with all that came back when the guardian closes. */
const converse = (path: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ path }, () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
    });
    socket.once('error', reject).once('close', () => resolve(answer));
    socket.setTimeout(5_000, () => socket.destroy(new Error(`not closed; it said ${answer}`)));
  });

test('who speaks no common version, or a line without end, is cut off; postgres and batond do not notice', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startStandby();
  const path = join(rig.stateDir, 'guardian.sock');
  expect(await converse(path, '{"type":"hello","protocols":[98,99],"pid":1}\n')).toBe(
    '{"type":"incompatible","protocols":[1]}\n',
  );
  expect(await converse(path, 'x'.repeat(70_000))).toBe('');
  expect(batond.now().connected).toBe(true);
  expect(isAlive(child.pid)).toBe(true);
});

test('who has not said hello is not obeyed', async () => {
  await using rig = new GuardianRig();
  const batond = rig.batond();
  const child = await batond.startStandby();
  const text = `{"type":"fence","reason":"no right to"}\nnonsense\n{"type":"hello","protocols":[98],"pid":1}\n`;
  await converse(join(rig.stateDir, 'guardian.sock'), text);
  expect(batond.now()).toMatchObject({ connected: true, child: { kind: 'running', pid: child.pid } });
  expect(isAlive(child.pid)).toBe(true);
});
