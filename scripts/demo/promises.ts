/** The sites and contracts of the example configuration, with which the demo judges itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const file = join(import.meta.dirname, '../../config/examples/domain-1.yaml');
/** The example's channels are of addresses that do not exist: nobody is told. */
const untold = z.looseObject({}).transform(({ channels: _channels, ...rest }): unknown => rest);
const schema = z.object({
  shared: z.object({ sites: z.array(untold).nonempty(), contracts: z.array(untold).nonempty() }),
});

/** As in the YAML: batond reads and checks them itself. */
export function examplePromises(): { readonly sites: readonly unknown[]; readonly contracts: readonly unknown[] } {
  const { sites, contracts } = schema.parse(parse(readFileSync(file, 'utf8'))).shared;
  return { sites, contracts };
}
