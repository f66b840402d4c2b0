/** What the demo judges itself by, and whom it tells: the sites and contracts of the example configuration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const file = join(import.meta.dirname, '../../config/examples/domain-1.yaml');
/** The example's channels are of addresses that do not exist. */
const untold = z.looseObject({}).transform(({ channels: _channels, reportChannels: _reportChannels, ...rest }) => rest);
const schema = z.object({
  shared: z.object({ sites: z.array(untold).nonempty(), contracts: z.array(untold).nonempty() }),
});

export interface Promised {
  readonly sites: readonly Readonly<Record<string, unknown>>[];
  readonly contracts: readonly Readonly<Record<string, unknown>>[];
}

/** As in the YAML: batond reads and checks them itself. Every site is told through `channel`; nobody when it is left out. */
export function examplePromises(channel?: string): Promised {
  const { sites, contracts } = schema.parse(parse(readFileSync(file, 'utf8'))).shared;
  return { sites: sites.map((site) => (channel === undefined ? site : { ...site, channels: [channel] })), contracts };
}

/** The one channel there is: the desk at `url`. The secret that signs what goes through it has the same name. */
export const deskChannel = (id: string, url: string) => ({ id, kind: 'webhook', url, secret: id });
