/** What a connection carries when packets are lost and hosts lose their power. */
import { expect, test } from 'vitest';
import { Host } from './host.ts';
import { type Connection, Network } from './network.ts';
import { Random } from '../clock/random.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';

const longEnoughMs = 2_000;

function aLink() {
  const clock = new VirtualClock();
  const [near, far] = [new Host('near', clock), new Host('far', clock)];
  const network = new Network(clock, new Random(1));
  const arrived: string[] = [];
  const connection = network.connect(near, far);
  const send = (text: string, over: Connection = connection) => over.send(near, () => arrived.push(text));
  const lapse = (ms: number) => {
    let over = false;
    clock.timer(ms, () => {
      over = true;
    });
    return clock.runUntilFact(() => over, ms);
  };
  return { network, near, far, arrived, send, lapse };
}

test('a lost packet is sent again, and what follows it waits for it', async () => {
  const { network, near, far, arrived, send, lapse } = aLink();
  network.trouble(near.name, far.name, { lossShare: 1 });
  send('first');
  network.trouble(near.name, far.name, { lossShare: 0 });
  send('second');
  await lapse(100);
  expect(arrived).toEqual([]);
  await lapse(longEnoughMs);
  expect(arrived).toEqual(['first', 'second']);
});

test('a host whose power is cut sends nothing again, and what it sent before arrives', async () => {
  const { network, near, far, arrived, send, lapse } = aLink();
  send('before');
  network.trouble(near.name, far.name, { lossShare: 1 });
  send('lost');
  network.trouble(near.name, far.name, { lossShare: 0 });
  send('after the lost one');
  near.powerOff();
  near.powerOn();
  await lapse(longEnoughMs);
  expect(arrived).toEqual(['before']);
});

test('what was sent into a cut arrives after it, unless its sender has lost its power since', async () => {
  for (const powerLost of [false, true]) {
    const { network, near, far, arrived, send, lapse } = aLink();
    network.cut(near.name, far.name);
    send('into the cut');
    if (powerLost) near.powerOff();
    network.heal(near.name, far.name);
    await lapse(longEnoughMs);
    expect(arrived).toEqual(powerLost ? [] : ['into the cut']);
  }
});
