/** Loopback addresses for members: each its own, as if it were a host, so that well-known ports can be used. */
import { createServer } from 'node:net';

export interface MemberPorts {
  readonly host: string;
  readonly postgresPort: number;
  readonly apiPort: number;
}

const attemptsMax = 50;
const wellKnown = { postgres: 5432, api: 8008 };

/** For a member that has its address for itself. */
export const usualPorts = (host: string): MemberPorts => ({
  host,
  postgresPort: wellKnown.postgres,
  apiPort: wellKnown.api,
});

/** An address of 127.0.0.0/8 on which nobody listens; with other ports when somebody listens on all addresses. */
export async function freeMemberPorts(): Promise<MemberPorts> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const host = `127.${randomByte()}.${randomByte()}.${randomByte()}`;
    const usual = attempt < attemptsMax / 2;
    const postgresPort = await bindable(host, usual ? wellKnown.postgres : 0);
    const apiPort = await bindable(host, usual ? wellKnown.api : 0);
    if (postgresPort !== null && apiPort !== null && postgresPort !== apiPort) return { host, postgresPort, apiPort };
  }
  throw new Error(`found no loopback address with two free ports in ${attemptsMax} attempts`);
}

/** The port, chosen by the kernel when 0 was asked for; null when it is taken. */
function bindable(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host, port }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}

/** 1 to 254; the network 127.0.0.0/16 is left to people and other programs. */
const randomByte = (): number => 1 + Math.floor(Math.random() * 254);
