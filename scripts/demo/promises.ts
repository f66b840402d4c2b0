/** The sites and contracts of the example configuration, with which the demo judges itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const file = join(import.meta.dirname, '../../config/examples/domain-1.yaml');
const schema = z.object({
  shared: z.object({ sites: z.array(z.unknown()).nonempty(), contracts: z.array(z.unknown()).nonempty() }),
});

/** As in the YAML: batond reads and checks them itself. */
export function examplePromises(): { readonly sites: readonly unknown[]; readonly contracts: readonly unknown[] } {
  const { sites, contracts } = schema.parse(parse(readFileSync(file, 'utf8'))).shared;
  return { sites, contracts };
}
