/** One connection from batond to its guardian: the hello, then lines both ways. */
import { createConnection } from 'node:net';
import type { GuardianReport } from '../../ports/batond-link.ts';
import type { GuardianCommand } from '../../ports/guardian.ts';
import { fromGuardian, type GuardianHello, protocolVersions } from '../../wire/guardian-protocol.ts';
import { formatLine, LineCutter } from '../../wire/json-lines.ts';
import { readJson } from '../../wire/json-text.ts';

export interface ConnectionEvents {
  /** The guardian has answered; commands may be sent from now on. */
  opened(hello: GuardianHello): void;
  reported(report: GuardianReport): void;
  /** Called once, also when the connection never came to be. */
  closed(problem: string): void;
}

export interface GuardianConnection {
  send(command: GuardianCommand): void;
  close(): void;
}

/** What a guardian that reads nothing may have waiting for it. */
const unsentBytesMax = 1024 * 1024;

export function connectGuardian(path: string, events: ConnectionEvents): GuardianConnection {
  const socket = createConnection({ path });
  const cutter = new LineCutter();
  let opened = false;
  let problem = 'the guardian closed the connection';
  const fail = (why: string) => {
    problem = why;
    socket.destroy();
  };
  const take = (line: string) => {
    if (socket.destroyed) return;
    const message = readJson(fromGuardian, line);
    if (!message.ok) return fail(`the guardian's message is not understood: ${message.error}`);
    switch (message.value.type) {
      case 'hello':
        opened = true;
        events.opened(message.value);
        return;
      case 'incompatible':
        return fail(
          `the running guardian speaks protocol ${message.value.protocols.join(', ')}, this batond ${protocolVersions.join(', ')}: restart postgres through the batond of its version, or stop the guardian`,
        );
      default:
        if (opened) events.reported(message.value);
    }
  };
  socket.setEncoding('utf8');
  socket.on('connect', () =>
    socket.write(formatLine({ type: 'hello', protocols: protocolVersions, pid: process.pid })),
  );
  socket.on('data', (chunk) => {
    try {
      for (const line of cutter.push(chunk.toString())) take(line);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      fail(error.message);
    }
  });
  socket.on('error', (error) => {
    problem = error.message;
  });
  socket.once('close', () => events.closed(problem));
  return {
    send(command) {
      if (socket.destroyed) return;
      if (socket.writableLength > unsentBytesMax) return fail('the guardian does not read');
      socket.write(formatLine(command));
    },
    close: () => socket.destroySoon(),
  };
}
