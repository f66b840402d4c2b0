/** Every named scenario goes as it says. */
import { expect, test } from 'vitest';
import { scenarios } from './scenarios/index.ts';
import { play } from './scenarios/play.ts';

test.each(Object.entries(scenarios).map(([name, scenario]) => [name, scenario.says, scenario] as const))(
  '%s: %s',
  async (name, _says, scenario) => {
    const { shortcomings, result } = await play(scenario);
    const replay = `replay: npm run simulate -- --scenario ${name}`;
    expect(shortcomings, `${result.events.slice(-60).join('\n')}\n${replay}`).toEqual([]);
  },
);
