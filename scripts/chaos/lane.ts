/**
 * What runs inside an enclosure: it plays one round after the other that the runner outside hands it, on one cluster for
 * as long as that heals, and on a new one after a failure.
 */
import { once } from 'node:events';
import { ChaosCluster } from './cluster.ts';
import { hasCompiler } from './disk/host-faults.ts';
import { throttlesProblem } from './disk/throttled-disk.ts';
import { enclosure } from './enclosure.ts';
import { keepEvidence } from './evidence.ts';
import { faultsNamed } from './faults/all.ts';
import { complaintsOf } from './judge.ts';
import { type Lacks, type Planned, replayCommand } from './plan.ts';
import { playRound } from './play-round.ts';
import type { RoundResult } from './results.ts';

/** `ready` and `played` ask for the next round. */
export type FromLane =
  | { readonly kind: 'ready'; readonly lacks: Lacks }
  | { readonly kind: 'says'; readonly text: string }
  | { readonly kind: 'played'; readonly result: RoundResult };

/** Ends when the runner has no more rounds, which it says by disconnecting. `out` is where evidence goes. */
export async function playLane(out: string): Promise<void> {
  const lane = new Lane(out);
  process.on('message', (round: Planned) => lane.hand(round));
  tell({ kind: 'ready', lacks: { compiler: hasCompiler() ? null : 'there is no gcc', throttles: throttlesProblem() } });
  await once(process, 'disconnect');
  await lane.end();
}

class Lane {
  readonly #out: string;
  #cluster: ChaosCluster | null = null;
  /** Everything that was handed to it so far. */
  #playing: Promise<void> = Promise.resolve();

  constructor(out: string) {
    this.#out = out;
  }

  hand(round: Planned): void {
    this.#playing = this.#playing.then(async () => tell({ kind: 'played', result: await this.#play(round) }));
  }

  async end(): Promise<void> {
    await this.#playing;
    await this.#leave();
  }

  async #play(round: Planned): Promise<RoundResult> {
    const title = `${round.fault} ${round.mode} ${round.seed}`;
    const result = await this.#result(round, (text) => say(`${title}: ${text}`));
    say(`${title}: ${resultText(result)}`);
    if (result.kind === 'passed') return result;
    if (this.#cluster !== null) {
      const name = `${round.fault}-${round.mode}-${round.seed}`;
      say(`${title}: journals and logs are in ${keepEvidence(this.#out, this.#cluster, name, result)}`);
    }
    say(`${title}: again: ${replayCommand(round)}`);
    await this.#leave();
    return result;
  }

  async #result(round: Planned, sayOfRound: (text: string) => void): Promise<RoundResult> {
    const at = new Date().toISOString();
    try {
      const [fault] = faultsNamed([round.fault]);
      if (fault === undefined) throw new Error(`there is no fault ${round.fault}`);
      const observed = await playRound(await this.#suited(round), fault, round.seed, sayOfRound);
      const complaints = complaintsOf(observed, fault.expects);
      return { kind: complaints.length === 0 ? 'passed' : 'failed', at, observed, complaints };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { kind: 'broken', at, observed: round, complaints: [problem] };
    }
  }

  /** The cluster that is there, or a new one where it is of another kind. */
  async #suited({ mode, members }: Planned): Promise<ChaosCluster> {
    const there = this.#cluster;
    if (there !== null && there.mode === mode && there.members.length === members) return there;
    await this.#leave();
    const inside = enclosure();
    if (inside === null) throw new Error('chaos is only run inside an enclosure');
    say(`a new cluster of ${members} members, mode ${mode}`);
    this.#cluster = await ChaosCluster.start({ mode, members }, inside);
    return this.#cluster;
  }

  async #leave(): Promise<void> {
    const left = this.#cluster;
    this.#cluster = null;
    await left?.stop();
  }
}

const tell = (message: FromLane): void => void process.send?.(message);
const say = (text: string): void => tell({ kind: 'says', text });

function resultText(result: RoundResult): string {
  if (result.kind === 'broken') return `BROKEN: ${result.complaints.join('; ')}`;
  const { oldLeader, newLeader, outageMs, redundantMs, acknowledged } = result.observed;
  const figures = `${oldLeader} -> ${newLeader}, outage ${outageMs} ms, redundant after ${redundantMs} ms, ${acknowledged} writes`;
  return result.kind === 'passed' ? `passed: ${figures}` : `FAILED: ${result.complaints.join('; ')} (${figures})`;
}
