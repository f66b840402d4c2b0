/**
 * `npm run demo`: a cluster on this machine loses its primary's postmaster, then a whole node, then is switched over,
 * while clients write as fast as they can. Prints what happened and what the sites were told, and exits with 1 if an
 * acknowledged write is missing, the nodes differ or a site was not told. Progress goes to standard error.
 */
import { Command } from 'commander';
import { playDemo } from './demo/play.ts';
import { playInKeeper, talkToStarter } from './demo/keeper.ts';
import { usageText } from './demo/usage-text.ts';
import { startProgress } from './rig/progress.ts';

interface Options {
  readonly keep?: true;
  readonly keepFiles?: true;
  readonly asKeeper?: true;
}

const command = new Command('demo')
  .description('Breaks a cluster three times, and shows what that cost.')
  .option('--keep', 'leave the cluster running, and print how to use it')
  .option('--keep-files', 'leave logs and data behind when it ends')
  .addOption(new Command().createOption('--as-keeper').hideHelp())
  .allowExcessArguments(false);
const { keep, keepFiles = false, asKeeper } = command.parse().opts<Options>();

const write = {
  print: (text: string) => void process.stdout.write(`${text}\n`),
  say: (line: string) => void process.stderr.write(line),
};
try {
  if (asKeeper === true) await playAndKeep();
  else if (keep === true)
    process.exit(
      await playInKeeper(import.meta.filename, [...process.argv.slice(2), '--as-keeper'], ({ kind, text }) =>
        write[kind](text),
      ),
    );
  else await playAndEnd();
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

async function playAndEnd(): Promise<void> {
  const say = startProgress(write.say);
  const { rig, intact, end } = await playDemo(keepFiles, { print: write.print, say });
  await end();
  say(keepFiles ? `ended; its files are in ${rig.directory}` : 'ended, nothing is left of it');
  process.exitCode = intact ? 0 : 1;
}

/** This process goes on: the cluster lives as long as it does. */
async function playAndKeep(): Promise<void> {
  const tell = talkToStarter();
  const say = startProgress((text) => void tell({ kind: 'say', text }));
  const print = (text: string) => void tell({ kind: 'print', text });
  const { rig, intact } = await playDemo(keepFiles, { print, say });
  print(`\n${usageText(rig, process.pid)}`);
  await tell({ kind: 'kept', exitCode: intact ? 0 : 1 });
}
