/** `baton incident evidence ID`: what the members found on their own hosts, at the time. */
import { err, ok } from '../../core/result.ts';
import { evidenceText, silenceText } from '../../core/sla/evidence/evidence-text.ts';
import { failed } from '../failure.ts';
import { sourceNote } from '../fallback.ts';
import { wrapText } from '../terminal.ts';
import type { VerbContext, VerbResult } from '../verb.ts';
import { pick, readCases } from './read-cases.ts';
import { readEvidence } from './read-evidence.ts';

/** `member` null: of all. */
export async function incidentEvidence(context: VerbContext, wanted: string, member: string | null): VerbResult {
  const read = await readCases(context);
  if (!read.ok) return read;
  const found = pick(read.value.value.cases, wanted);
  if (!found.ok) return found;
  const { incident } = found.value;
  const { id } = incident;
  const answer = await readEvidence(context, id);
  if (!answer.ok) return answer;
  const { source, value: all } = answer.value;
  const shown = all.filter((bundle) => member === null || bundle.member === member);
  if (member !== null && shown.length === 0) {
    const members = [...new Set(all.map((bundle) => bundle.member))].join(', ');
    return err(
      failed(
        'no-such-evidence',
        `There is no evidence of ${id} from ${member}.`,
        members === '' ? 'No member has any.' : `These have: ${members}.`,
      ),
    );
  }
  const silence = member === null ? wrapText(silenceText(incident, all)) : '';
  const text =
    shown.length === 0
      ? `No member kept evidence of ${id}: it is collected while an incident is less than an hour old.`
      : [evidenceText(shown), silence].filter((part) => part !== '').join('\n\n');
  return ok({
    json: { source: source.kind, incident: id, evidence: shown },
    text: sourceNote(source, context.terminal.paint) + text,
  });
}
