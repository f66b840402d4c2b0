/**
 * Plays the rounds that were asked for, so many at a time: lanes, each in an enclosure of its own, that take the next
 * round as soon as they have played one. The plan and the results are in here only, so that lanes share nothing.
 */
import type { ChildProcess } from 'node:child_process';
import { absurd } from '../../src/core/result.ts';
import { startEnclosed } from './enclosure.ts';
import type { FromLane } from './lane.ts';
import type { ChaosOptions } from './options.ts';
import { leftOut, type Planned, planned } from './plan.ts';
import { addResult, readResults, type RoundResult } from './results.ts';

export interface ChaosRun {
  /** In the order in which they ended. */
  readonly results: readonly RoundResult[];
  /** Rounds that nobody played, because the run ended before. */
  readonly unplayed: number;
  /** Exit status of a lane that did not end well, or of the signal that ended this run; 0 when all is well. */
  readonly code: number;
}

/** More rounds in a row that could not be seen to their end, and the run gives up. */
const brokenMax = 5;

/** `program` and `args` start what `playLane` is. */
export async function runChaos(
  program: string,
  args: readonly string[],
  options: ChaosOptions,
  commit: string,
  say: (text: string) => void,
): Promise<ChaosRun> {
  const results: RoundResult[] = [];
  /** Null until a lane has said what can be played here. */
  let plan: readonly Planned[] | null = null;
  let handed = 0;
  let brokenInRow = 0;
  let isOver = false;

  const note = (result: RoundResult): void => {
    results.push(result);
    addResult(options.out, commit, result);
    brokenInRow = result.kind === 'broken' ? brokenInRow + 1 : 0;
    if (brokenInRow < brokenMax) return;
    isOver = true;
    say(`${brokenMax} rounds in a row could not be seen to their end: the run gives up`);
  };
  const handNext = (lane: ChildProcess): void => {
    const next = isOver ? undefined : plan?.[handed++];
    if (next === undefined) lane.disconnect();
    else lane.send(next);
  };
  const hear = (lane: ChildProcess, message: FromLane): void => {
    switch (message.kind) {
      case 'says':
        say(message.text);
        break;
      case 'ready':
        if (plan === null) leftOut(options.faults, message.lacks).forEach(say);
        plan ??= planned(options, readResults(options.out, commit), message.lacks);
        handNext(lane);
        break;
      case 'played':
        note({ ...message.result, parallel: options.parallel });
        handNext(lane);
        break;
      default:
        absurd(message);
    }
  };
  const codes = await Promise.all(
    Array.from({ length: options.parallel }, async () => {
      const { process: lane, ended } = startEnclosed(program, args, 'ipc');
      lane.on('message', (message: FromLane) => hear(lane, message));
      const code = await ended;
      isOver ||= code !== 0;
      return code;
    }),
  );
  const played: readonly Planned[] = plan ?? [];
  return { results, unplayed: played.length - results.length, code: codes.find((code) => code !== 0) ?? 0 };
}
