import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeEnvironment, nodeFlags } from '../../src/main/node-flags.ts';

test('the script that starts batond gives Node the flags and the environment that guardians get', () => {
  const script = readFileSync(join(import.meta.dirname, '../../scripts/bin/run-node'), 'utf8');
  for (const [name, value] of Object.entries(nodeEnvironment)) expect(script).toContain(`export ${name}=${value}\n`);
  expect(script).toContain(`/node_modules/.bin/node" ${nodeFlags.join(' ')} "$root/$program"`);
});
