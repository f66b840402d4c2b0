/** An exported incident as one HTML file: no scripts, nothing loaded from anywhere, for screens light and dark, and paper. */
import { absurd } from '../../result.ts';
import { type Block, blocksOf } from './blocks.ts';
import type { IncidentExport } from './incident-export.ts';
import { markup } from './markup.ts';
import { timelineSvg } from './timeline-svg.ts';

const style = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #767676; --soft: #f0f0f0; --on-phase: #111;
  --detection: #f2b8a0; --decision: #f5d76e; --promotion: #a9c9f5; --routing: #b5dfb0; --outage: #c0392b; --exposure: #d9c9a3; }
@media (prefers-color-scheme: dark) { :root { --ink: #eaeaea; --paper: #161616; --line: #9a9a9a; --soft: #262626; --outage: #e0705f; --exposure: #7d7048; } }
@media print { :root { --ink: #000; --paper: #fff; --line: #444; --soft: #fff; } body { max-width: none; } h2, tr, svg { break-inside: avoid; } h2 { break-after: avoid; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
.strong { font-weight: 700; border-left: 4px solid var(--outage); padding: .5rem .75rem; background: var(--soft); }
.scroll { overflow-x: auto; } pre { white-space: pre-wrap; font-size: .8rem; padding: .5rem; background: var(--soft); } table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border: 1px solid var(--line); white-space: pre-line; overflow-wrap: break-word; } th { background: var(--soft); }
li, p { white-space: pre-line; } svg { max-width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text.label { fill: var(--ink); } svg text.on-phase { fill: var(--on-phase); } svg .tick { stroke: var(--ink); } svg rect { stroke: var(--line); stroke-width: .5; }
svg .back { fill: var(--soft); } svg .detection { fill: var(--detection); } svg .decision { fill: var(--decision); } svg .promotion { fill: var(--promotion); }
svg .routing { fill: var(--routing); } svg .outage { fill: var(--outage); } svg .exposure { fill: var(--exposure); }
`;

export function exportHtml(document: IncidentExport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${markup(`Incident ${document.incident.id}`)}</title>
<style>${style}</style>
</head>
<body>
<main>
${blocksOf(document)
  .map((block) => htmlOf(block, document))
  .join('\n')}
</main>
</body>
</html>
`;
}

function htmlOf(block: Block, document: IncidentExport): string {
  switch (block.kind) {
    case 'title':
      return `<h1>${markup(block.text)}</h1>`;
    case 'heading':
      return `<h2>${markup(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${markup(block.text)}</p>`;
    case 'strong':
      return `<p class="strong">${markup(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${markup(item)}</li>`).join('\n')}\n</ul>`;
    case 'table':
      return tableOf(block.head, block.rows);
    case 'lines':
      return `<pre>${block.lines.map(markup).join('\n')}</pre>`;
    case 'timeline':
      return `<div class="scroll">\n${timelineSvg(document.case.incident)}\n</div>`;
    default:
      return absurd(block);
  }
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const heads = head.map((cell) => `<th scope="col">${markup(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${markup(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table>\n<thead><tr>${heads}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`;
}
