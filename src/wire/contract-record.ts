/** The terms of a version of a contract on record (`contracts/<id>/<version>`), and its ends (`…/until-<instant>`). */
import { z } from 'zod';
import type { Contract } from '../core/sla/contract.ts';
import type { ContractsOnRecord, ContractVersion, VersionEnd } from '../core/sla/terms-on-record.ts';
import { contractSchema } from './contract.ts';
import { type KeptRecord, parseRecordValue } from './kept-record.ts';

export const contractKeyPrefix = 'contracts/';

const termsSchema = z.looseObject({ v: z.literal(1), terms: contractSchema });
const keyForm = /^contracts\/([^/]+)\/([1-9]\d{0,14})(?:\/until-(.+))?$/;

/** `at`: ms since the epoch, `by`: the member that led. */
export function formatTerms(contract: Contract, at: number, by: string): KeptRecord {
  // Whoever is told is no term, and is in the configuration's contracts as well.
  const terms = contractSchema.parse(contract);
  return { key: termsKey(contract), value: { v: 1, at: rfc3339(at), by, terms } };
}

/** The instant is in the key: to write an end twice is to write it once. */
export const formatEnd = (end: VersionEnd, at: number, by: string): KeptRecord => ({
  key: `${termsKey(end)}/until-${rfc3339(end.until)}`,
  value: { v: 1, at: rfc3339(at), by },
});

/** `unreadable`: keys with something that is no record. */
export function parseContracts(records: readonly KeptRecord[], unreadable: readonly string[]): ContractsOnRecord {
  const read = records.map((record) => ({ named: nameOf(record.key), terms: parseTerms(record) }));
  const strange = unreadable.flatMap((key) => nameOf(key) ?? []);
  const isTerms = (one: Named): boolean => one.until === null;
  const terms = read.flatMap((each) => each.terms ?? []);
  const ends = [...read.flatMap(({ named }) => named ?? []), ...strange].flatMap(({ id, version, until }) =>
    until === null ? [] : [{ id, version, until }],
  );
  const unknown = read.flatMap(({ named, terms: known }) => (named === null || known !== null ? [] : [named]));
  return {
    terms,
    ends,
    unreadable: [...unknown, ...strange].filter(isTerms).map(({ id, version }) => ({ id, version })),
  };
}

/** The same from the keys of etcd alone. */
export function contractsOfKeys(entries: ReadonlyMap<string, { readonly value: string }>): ContractsOnRecord {
  const found = [...entries].filter(([key]) => key.startsWith(contractKeyPrefix));
  const read = found.map(([key, { value }]) => ({ key, value: parseRecordValue(value) }));
  return parseContracts(
    read.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }])),
    read.flatMap(({ key, value }) => (value === null ? [key] : [])),
  );
}

interface Named extends ContractVersion {
  readonly until: number | null;
}

/** Null for a key of no such form. */
function nameOf(key: string): Named | null {
  const [, id, version, instant] = keyForm.exec(key) ?? [];
  if (id === undefined || version === undefined) return null;
  if (instant === undefined) return { id, version: Number(version), until: null };
  const until = Date.parse(instant);
  return Number.isFinite(until) ? { id, version: Number(version), until } : null;
}

function parseTerms({ key, value }: KeptRecord): Contract | null {
  const terms = termsSchema.safeParse(value).data?.terms;
  if (terms === undefined || termsKey(terms) !== key) return null;
  const instants = [terms.validFrom, terms.validTo].filter((each) => each !== null);
  return instants.every((each) => Number.isFinite(Date.parse(each))) ? terms : null;
}

const termsKey = ({ id, version }: ContractVersion): string => `${contractKeyPrefix}${id}/${version}`;
const rfc3339 = (at: number): string => new Date(at).toISOString();
