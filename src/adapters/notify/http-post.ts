/** One POST of a JSON text. Redirects are not followed: what is signed for one receiver is not for another. */
import { err, ok, type Result } from '../../core/result.ts';
import type { DeliveryProblem } from '../../core/sla/notices/outbox.ts';
import { KiB } from '../../core/units.ts';
import type { Delivery } from '../../ports/notifier.ts';
import { errorText } from './error-text.ts';

const bodyBytesMax = 2 * KiB;
const shownMax = 200;
/** Answers of 4xx that another attempt may turn into a good one. */
const passingStatuses = [408, 425, 429];

export async function postJson(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Result<Delivery, DeliveryProblem>> {
  const where = new URL(url).host;
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    const { status } = response;
    const said = await beginningOf(response);
    if (status >= 200 && status < 300) return ok({ remark: null });
    return err(refusal(where, status, response.headers.get('location'), said));
  } catch (thrown) {
    return err({ kind: 'passing', problem: `${where}: ${errorText(signal.aborted ? signal.reason : thrown)}` });
  }
}

function refusal(where: string, status: number, location: string | null, said: string): DeliveryProblem {
  const words = said === '' ? '' : `: "${said}"`;
  if (status >= 300 && status < 400)
    return {
      kind: 'lasting',
      problem: `${where} answered ${status} and points to ${location ?? 'nowhere'}: redirects are not followed, put the right address into the channel`,
    };
  const passing = status >= 500 || passingStatuses.includes(status);
  const mend = passing ? '' : ', which it will do again until the receiver or the channel is mended';
  return { kind: passing ? 'passing' : 'lasting', problem: `${where} answered ${status}${words}${mend}` };
}

/** Enough to see what is wrong; the rest is not waited for. */
async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < bodyBytesMax) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    bytes += value.byteLength;
  }
  await reader.cancel();
  return Buffer.concat(pieces)
    .toString('utf8')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, shownMax);
}
