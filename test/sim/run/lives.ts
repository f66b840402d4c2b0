/** Many lives, on all cores: one process per core, each given the next life when it has lived the one before. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Asked, Told } from './child-lives.ts';
import type { Life, Lived } from './life.ts';

export interface Run {
  /** In the order in which they were lived. */
  readonly lived: readonly Lived[];
  /** Lives of which nothing is known, because the simulator or its process failed, and why. */
  readonly failed: readonly { readonly life: Life; readonly problem: string }[];
  /** Processor time of all processes that lived something. */
  readonly cpuMicros: number;
}

export interface RunOptions {
  readonly processes: number;
  readonly eventsMax: number;
  /** Called after each life. */
  readonly onLived: (lived: Lived) => void;
  /** Ends the run early: what was lived by then is its result. */
  readonly signal: AbortSignal;
  /** A life that takes longer than this of real time has lost its way; its process is killed. */
  readonly lifeLimitMs: number;
  /** Entry point of the processes; another one in tests. */
  readonly entry?: string;
}

/**
 * Lives are short and leave nothing behind, so what a process needs is room for the young: collected seldom, on the
 * thread that made it. A life that needs more than the limit of memory is a mistake, and its process says so by dying.
 * Compiling took a third of the time: what was compiled is kept, little is inlined, and only what is hot for long is
 * optimized fully.
 */
const nodeOptions = [
  '--min-semi-space-size=32',
  '--max-semi-space-size=64',
  '--initial-old-space-size=256',
  '--single-threaded-gc',
  '--max-old-space-size=1024',
  '--no-flush-bytecode',
  '--max-inlined-bytecode-size=200',
  '--max-inlined-bytecode-size-cumulative=300',
  '--invocation-count-for-turbofan=20000',
];

/** Where the processes leave what Node made of the modules, types taken out and compiled, for the next run. */
const compiledModules = fileURLToPath(new URL('../../../node_modules/.cache/simulator', import.meta.url));

export async function runLives(lives: Iterable<Life>, options: RunOptions): Promise<Run> {
  const lived: Lived[] = [];
  const failed: { life: Life; problem: string }[] = [];
  const left = lives[Symbol.iterator]();
  const cpuMicrosOf = await Promise.all(
    Array.from({ length: options.processes }, () =>
      processAfterProcess(left, options, {
        lived: (each) => {
          lived.push(each);
          options.onLived(each);
        },
        failed: (life, problem) => failed.push({ life, problem }),
      }),
    ),
  );
  return { lived, failed, cpuMicros: cpuMicrosOf.reduce((sum, each) => sum + each, 0) };
}

interface Outcome {
  lived(lived: Lived): void;
  failed(life: Life, problem: string): void;
}

/** One process at a time; another one when it died and lives are left. Returns the processor time they used. */
async function processAfterProcess(left: Iterator<Life>, options: RunOptions, outcome: Outcome): Promise<number> {
  let cpuMicros = 0;
  for (let next = left.next(); next.done !== true && !options.signal.aborted; next = left.next())
    cpuMicros += await oneProcess(next.value, left, options, outcome);
  return cpuMicros;
}

/** Begins with one life and goes on until none is left, the run is ended, or the process is. */
function oneProcess(first: Life, left: Iterator<Life>, options: RunOptions, outcome: Outcome): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const child: ChildProcess = fork(options.entry ?? fileURLToPath(new URL('child-lives.ts', import.meta.url)), {
    execArgv: nodeOptions,
    env: { ...process.env, NODE_COMPILE_CACHE: compiledModules },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let current: Life | null = null;
  let cpuMicros = 0;
  let stderr = '';
  let tooLong: NodeJS.Timeout | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrMax);
  });
  const kill = () => void child.kill('SIGKILL');
  const begin = (life: Life) => {
    current = life;
    clearTimeout(tooLong);
    tooLong = setTimeout(() => {
      outcome.failed(life, `not over after ${options.lifeLimitMs} ms of real time`);
      current = null;
      kill();
    }, options.lifeLimitMs);
    child.send({ life, eventsMax: options.eventsMax } satisfies Asked);
  };
  child.on('message', (told: Told) => {
    // What arrives of a process that was given up is not counted a second time.
    if (current === null) return;
    current = null;
    if (told.kind === 'lived') {
      cpuMicros = told.cpuMicros;
      outcome.lived(told.lived);
    } else outcome.failed(told.life, told.problem);
    const next = options.signal.aborted ? null : left.next();
    // It has nothing to tidy up.
    if (next === null || next.done === true) kill();
    else begin(next.value);
  });
  child.on('close', (code, signal) => {
    clearTimeout(tooLong);
    options.signal.removeEventListener('abort', kill);
    if (current !== null && !options.signal.aborted)
      outcome.failed(current, `its process ended with ${signal ?? `exit code ${code}`}: ${stderr.trim()}`);
    resolve(cpuMicros);
  });
  options.signal.addEventListener('abort', kill, { once: true });
  begin(first);
  return promise;
}

const stderrMax = 4_000;
