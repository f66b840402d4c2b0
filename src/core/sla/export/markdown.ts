/** An exported incident as Markdown (with tables, as GitHub and GitLab have them). */
import { phaseBars } from '../phase-bars.ts';
import { durationText } from '../timeline-text.ts';
import { absurd } from '../../result.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { IncidentExport } from './incident-export.ts';

export const exportMarkdown = (document: IncidentExport): string =>
  `${blocksOf(document)
    .map((block) => markdownOf(block, document))
    .join('\n\n')}\n`;

function markdownOf(block: Block, document: IncidentExport): string {
  switch (block.kind) {
    case 'title':
      return `# ${inLine(block.text)}`;
    case 'heading':
      return `## ${inLine(block.text)}`;
    case 'paragraph':
      return inLine(block.text);
    case 'strong':
      return `**${inLine(block.text)}**`;
    case 'list':
      return block.items.map((item) => `- ${escaped(item).replaceAll('\n', '  \n  ')}`).join('\n');
    case 'table':
      return [block.head, block.head.map(() => '---'), ...block.rows]
        .map((cells, at) => `| ${cells.map((cell) => (at === 1 ? cell : inCell(cell))).join(' | ')} |`)
        .join('\n');
    case 'lines':
      return fenced(block.lines.map(printable));
    case 'timeline':
      return fenced(phaseBars(document.case.incident, durationText));
    default:
      return absurd(block);
  }
}

/** The fence is longer than any run of backquotes inside. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...lines, fence].join('\n');
}

const printable = (line: string): string => line.replaceAll(/\p{C}/gu, ' ');
const inLine = (text: string): string => escaped(text).replaceAll('\n', ' ');
const inCell = (text: string): string => escaped(text).replaceAll('\n', '<br>');

/** Nothing that somebody wrote is markup: no emphasis, link, image, heading, table or HTML comes of it. */
function escaped(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{C}\n]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_{}[\]#|~$]/g, '\\$&')
    .replaceAll(/^(\s*)([-+=])/gm, '$1\\$2')
    .replaceAll(/^(\s*\d+)([.)])/gm, '$1\\$2')
    .replaceAll('://', '&#58;//')
    .replaceAll(/(mailto):/gi, '$1&#58;')
    .replaceAll(/www\./gi, 'www&#46;');
}
