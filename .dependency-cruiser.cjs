/** The import table: who may import whom. scripts/check-imports.ts runs it and checks that it saw the tree. */

/** `path` of a rule: files of src outside the given folders. */
const outside = (...folders) => `^src/(?!(${folders.join('|')})/)`;
/** One layer and the folders of src that it may import besides its own. */
const layers = {
  core: [],
  ports: ['core'],
  config: ['core'],
  wire: ['core'],
  adapters: ['core', 'ports', 'wire'],
  daemon: ['core', 'ports', 'wire'],
  guardian: ['core', 'ports', 'wire'],
  http: ['core', 'ports', 'wire'],
  cli: ['core', 'ports', 'config', 'wire'],
};
const inward = Object.entries(layers).map(([layer, inner]) => ({
  name: `${layer}-imports-inward`,
  comment: `src/${layer} may import only: ${[layer, ...inner].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: outside(layer, ...inner) },
}));

module.exports = {
  forbidden: [
    ...inward,
    {
      name: 'known-layers-only',
      comment: 'a new folder of src needs a line in this table first',
      severity: 'error',
      from: { path: outside(...Object.keys(layers), 'main') },
      to: {},
    },
    {
      name: 'pure-layers-have-no-runtime',
      comment: 'core, ports and wire do no input or output: no node:*',
      severity: 'error',
      from: { path: '^src/(core|ports|wire)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-has-no-packages',
      comment: 'core and ports use no package, not even for types',
      severity: 'error',
      from: { path: '^src/(core|ports)/' },
      to: { path: 'node_modules' },
    },
    {
      name: 'wire-only-zod',
      comment: 'wire parses with zod and nothing else',
      severity: 'error',
      from: { path: '^src/wire/' },
      to: { path: 'node_modules', pathNot: 'node_modules/zod/' },
    },
    {
      name: 'config-only-its-parsers',
      comment: 'config parses with zod, yaml and (schedules) node-cron, and nothing else',
      severity: 'error',
      from: { path: '^src/config/' },
      to: { path: 'node_modules', pathNot: 'node_modules/(zod|yaml|node-cron)/' },
    },
    {
      name: 'adapters-are-strangers',
      comment: 'an adapter folder never imports another one; files directly in src/adapters are for all of them',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/' },
      to: { path: '^src/adapters/[^/]+/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'shared-adapters-are-leaves',
      comment: 'a file directly in src/adapters imports no adapter folder',
      severity: 'error',
      from: { path: '^src/adapters/[^/]+\\.ts$' },
      to: { path: '^src/adapters/[^/]+/' },
    },
    {
      name: 'product-is-self-contained',
      comment: 'src imports nothing of test or scripts',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unknown-imports', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
    {
      name: 'no-development-packages',
      comment: 'what src imports belongs in dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
