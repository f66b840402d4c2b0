/** The compiled code of this program, which Node keeps in the directory that NODE_COMPILE_CACHE names, if it can. */
import { flushCompileCache } from 'node:module';

/**
 * Written now and not at the end, because whoever is killed has none, and a disk that hangs must not keep him. What this
 * process starts is not told of the directory.
 */
export function keepCompiledCode(): void {
  flushCompileCache();
  delete process.env['NODE_COMPILE_CACHE'];
}
