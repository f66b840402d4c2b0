import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const project = dirname(dirname(import.meta.dirname));
let tree: string;

function plant(path: string, content: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
}

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'baton-layering-'));
  mkdirSync(join(tree, 'src'));
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(project, file), join(tree, file));
  symlinkSync(join(project, 'node_modules'), join(tree, 'node_modules'));
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

/** Thirty modules of core in a chain, and a few of other layers, all importing inward. */
function plantGoodTree(): void {
  plant('src/core/part0.ts', 'export const part0 = 0;\n');
  for (let part = 1; part < 30; part++)
    plant(
      `src/core/part${part}.ts`,
      `import { part${part - 1} } from './part${part - 1}.ts';\nexport const part${part} = part${part - 1};\n`,
    );
  plant('src/ports/clock.ts', `import type { part1 } from '../core/part1.ts';\nexport type Clock = typeof part1;\n`);
  plant(
    'src/adapters/system-clock.ts',
    `import type { Clock } from '../ports/clock.ts';\nexport const clock: Clock = 0;\n`,
  );
  plant(
    'src/adapters/pg/session.ts',
    `import { clock } from '../system-clock.ts';\nimport pg from 'pg';\nexport const session = [clock, pg];\n`,
  );
  plant('src/adapters/etcd/client.ts', 'export const client = 0;\n');
  plant('src/main/batond.ts', `import { session } from '../adapters/pg/session.ts';\nconsole.log(session);\n`);
}

const run = (script: string) =>
  spawnSync(process.execPath, [join(project, 'scripts', script), tree], { encoding: 'utf8' });

describe('the layering check', () => {
  test('passes a tree whose imports point inward, and says how much it saw', () => {
    plantGoodTree();
    const { status, stdout, stderr } = run('check-imports.ts');
    expect(stderr).toBe('');
    expect(stdout).toContain('35 modules import inward');
    expect(status).toBe(0);
  });

  test('fails on an empty tree instead of finding nothing wrong with it', () => {
    const { status, stderr } = run('check-imports.ts');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no result|only 0 modules/);
  });

  test('fails when it saw only a few modules', () => {
    plant('src/core/alone.ts', 'export const alone = 1;\n');
    const { status, stderr } = run('check-imports.ts');
    expect(status).toBe(1);
    expect(stderr).toContain('only 1 modules of src were looked at');
  });

  const violations: readonly (readonly [says: string, rule: string, path: string, content: string])[] = [
    [
      'core imports an adapter',
      'core-imports-inward',
      'src/core/bad1.ts',
      `export * from '../adapters/etcd/client.ts';`,
    ],
    [
      'core imports a type of an adapter',
      'core-imports-inward',
      'src/core/bad2.ts',
      `export type { session } from '../adapters/pg/session.ts';`,
    ],
    ['core imports node:fs', 'pure-layers-have-no-runtime', 'src/core/bad3.ts', `export * from 'node:fs';`],
    ['core imports a package', 'core-has-no-packages', 'src/core/bad4.ts', `export * from 'zod';`],
    ['wire imports pg', 'wire-only-zod', 'src/wire/bad5.ts', `export * from 'pg';`],
    ['config imports a port', 'config-imports-inward', 'src/config/bad6.ts', `export * from '../ports/clock.ts';`],
    ['cli imports an adapter', 'cli-imports-inward', 'src/cli/bad7.ts', `export * from '../adapters/etcd/client.ts';`],
    [
      'the daemon imports the configuration',
      'daemon-imports-inward',
      'src/daemon/bad8.ts',
      `export * from '../config/load.ts';`,
    ],
    [
      'an adapter imports another',
      'adapters-are-strangers',
      'src/adapters/pg/bad9.ts',
      `export * from '../etcd/client.ts';`,
    ],
    [
      'a shared adapter imports a folder',
      'shared-adapters-are-leaves',
      'src/adapters/bad10.ts',
      `export * from './etcd/client.ts';`,
    ],
    [
      'somebody imports main',
      'adapters-imports-inward',
      'src/adapters/pg/bad11.ts',
      `export * from '../../main/batond.ts';`,
    ],
    ['src imports a test', 'product-is-self-contained', 'src/main/bad12.ts', `export * from '../../test/support.ts';`],
    [
      'two modules import each other',
      'no-circles',
      'src/core/part0.ts',
      `export * from './part29.ts';\nexport const part0 = 0;`,
    ],
    ['an import leads nowhere', 'no-unknown-imports', 'src/core/bad13.ts', `export * from './gone.ts';`],
    [
      'src imports a development package',
      'no-development-packages',
      'src/main/bad14.ts',
      `export * from 'fast-check';`,
    ],
    [
      'there is a folder that the table does not know',
      'known-layers-only',
      'src/utils/bad15.ts',
      `export * from '../core/part1.ts';`,
    ],
  ];
  test('fails on a tree with violations and names every one of them', () => {
    plantGoodTree();
    plant('src/config/load.ts', 'export const load = 0;\n');
    plant('test/support.ts', 'export const support = 0;\n');
    for (const [, , path, content] of violations) plant(path, `${content}\n`);
    const { status, stderr } = run('check-imports.ts');
    for (const [says, rule, path] of violations) expect(stderr, says).toContain(`${rule}: ${path}`);
    expect(status).toBe(1);
  });

  test('fails on one violation alone', () => {
    plantGoodTree();
    plant('src/core/bad.ts', `export * from '../adapters/etcd/client.ts';\n`);
    const { status, stderr } = run('check-imports.ts');
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('core-imports-inward: src/core/bad.ts')]);
    expect(status).toBe(1);
  });
});

describe('the size check', () => {
  test('passes 300 lines', () => {
    plant('src/core/full.ts', '\n'.repeat(300));
    expect(run('check-size.ts').status).toBe(0);
  });

  test('fails at 301 lines and names the file', () => {
    plant('src/core/fat.ts', '\n'.repeat(301));
    const { status, stderr } = run('check-size.ts');
    expect(stderr).toContain('src/core/fat.ts has 301 lines');
    expect(status).toBe(1);
  });

  test('fails when there is nothing to measure', () => {
    expect(run('check-size.ts').status).toBe(1);
  });
});
