/** Where the results of one mode of the bench go: the same text that was printed, and everything as JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Results {
  /** `cost`: the files are cost.md and cost.json. */
  readonly name: string;
  readonly title: string;
  /** When and on what, and how to do it again. */
  readonly conditions: string;
  readonly command: string;
  readonly text: string;
  readonly json: object;
}

export function writeResults(directory: string, { name, title, conditions, command, text, json }: Results): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify({ v: 1, ...json }, null, 2)}\n`);
  writeFileSync(
    join(directory, `${name}.md`),
    [`# ${title}`, '', conditions, '', `    ${command}`, '', '```text', text, '```', ''].join('\n'),
  );
}
