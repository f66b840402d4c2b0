/**
 * Copies of the source with a mistake in them. `import('…/life.ts?mistake=NAME')` loads the whole graph of that module
 * once more, each module under a URL of its own, with the edits of NAME applied to the text before it is compiled.
 */
import { registerHooks } from 'node:module';
import type { Edit } from './mistake.ts';

const planted = new Map<string, readonly Edit[]>();
/** What was planted and compiled by now. */
const applied = new Set<Edit>();
const marked = /\?mistake=([\w-]+)$/;

export function plant(name: string, edits: readonly Edit[]): void {
  if (planted.size === 0) watchLoading();
  planted.set(name, edits);
}

/** The edits of a mistake whose files were not loaded since it was planted: such a mistake was never made. */
export function missing(name: string): readonly Edit[] {
  return (planted.get(name) ?? []).filter((edit) => !applied.has(edit));
}

function watchLoading(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const [mark] = marked.exec(context.parentURL ?? '') ?? [];
      const ours = found.url.startsWith('file:') && !found.url.includes('/node_modules/');
      return mark !== undefined && ours ? { ...found, url: `${found.url}${mark}` } : found;
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const [mark, name] = marked.exec(url) ?? [];
      if (mark === undefined || name === undefined) return loaded;
      const path = url.slice(0, -mark.length);
      const edits = (planted.get(name) ?? []).filter(({ file }) => path.endsWith(`/${file}`));
      const source = edits.reduce(edited, String(loaded.source));
      return { ...loaded, source };
    },
  });
}

function edited(source: string, edit: Edit): string {
  const { file, from, to } = edit;
  const parts = source.split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${from}`);
  applied.add(edit);
  return parts.join(to);
}
