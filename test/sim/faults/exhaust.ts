/** An application that leaks connections: whatever place there is, it takes, and takes it again. */
import type { FakeServer } from '../postgres/fake-server.ts';
import type { Place } from '../hosts/network.ts';
import type { Backend } from '../postgres/sessions.ts';
import type { Aim, Fault } from './fault.ts';
import { repeatedly } from './repeatedly.ts';

const againMs = 100;
const application: Place = { name: 'application', powerCuts: 0, receive: (action) => action() };

/** `superuser`: it connects as one, and takes what is reserved for them as well. */
export function exhaust(aim: Aim, superuser: boolean): Fault {
  const taken: { readonly server: FakeServer; readonly backend: Backend }[] = [];
  return repeatedly(
    superuser ? 'exhaust-connections (superuser)' : 'exhaust-connections',
    aim,
    againMs,
    ({ running: server, host }, world) => {
      if (server === null || (server.phase !== 'primary' && server.phase !== 'standby')) return;
      if (!superuser && server.dir.admits !== 'everybody') return;
      while (server.backends.hasRoom(superuser)) {
        const backend = {
          pid: world.nextPid(),
          name: application.name,
          connection: world.network.connect(application, host),
          pipelining: false,
        };
        server.backends.add(backend);
        taken.push({ server, backend });
      }
    },
    () => {
      for (const { server, backend } of taken) server.endBackend(backend);
      taken.length = 0;
    },
  );
}
