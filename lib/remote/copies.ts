import { createTemp, type TempFile } from "../host/temp-file.js";
import { fail, ok, type Result } from "../failure/result.js";
import { vaultFileName } from "../vault/store.js";
import { fetchVault, type Fetched } from "./fetch-vault.js";
import type { HistoryCopy, Remote } from "./remote-types.js";

/** A copy in the history with its number in the list, 1 for the newest. */
export interface NumberedCopy extends HistoryCopy {
  readonly number: number;
}

/** Lists the copies, newest first. */
export async function numberedCopies(
  remote: Remote,
  signal: AbortSignal,
): Promise<Result<readonly NumberedCopy[]>> {
  const copies = await remote.history.list(signal);
  return copies.ok ? ok(copies.value.map((copy, index) => ({ ...copy, number: index + 1 }))) : copies;
}

/**
 * Finds the copy for `at`: a number of the list, or a time (ISO 8601; a date alone means its end, UTC), for the newest
 * copy that is not later. Failures: `usage` for anything else, `unknown-name` when there is none.
 */
export function copyAt(copies: readonly NumberedCopy[], at: string): Result<NumberedCopy> {
  const known = copies.slice(0, 5).map(({ number, at: time }) => `${number} (${time.toISOString()})`);
  const none = fail({ kind: "unknown-name", what: "copy in the history", name: at, known } as const);
  if (/^\d{1,6}$/.test(at)) {
    const found = copies.find(({ number }) => number === Number(at));
    return found === undefined ? none : ok(found);
  }
  const day = /^\d{4}-\d\d-\d\d$/.test(at);
  const time = new Date(day ? `${at}T23:59:59.999Z` : zoned(at));
  if (!/^\d{4}-\d\d-\d\d/.test(at) || Number.isNaN(time.getTime()))
    return fail({
      kind: "usage",
      message: `--at takes a number of \`tazpod history\`, or a time such as 2026-07-11T09:00, not "${at}".`,
    });
  const found = copies.find((copy) => copy.at.getTime() <= time.getTime());
  return found === undefined ? none : ok(found);
}

/** Adds UTC to a time without a zone, as in the list. */
function zoned(text: string): string {
  const iso = text.replace(" ", "T");
  return /(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`;
}

/** Downloads a copy into a temporary file of `folder`, which the caller discards. */
export async function fetchCopy(
  remote: Remote,
  name: string,
  folder: string,
  signal: AbortSignal,
): Promise<Result<Fetched & { readonly temp: TempFile }>> {
  const temp = await createTemp(folder, vaultFileName);
  if (!temp.ok) return temp;
  const fetched = await fetchVault((request) => remote.history.download(name, request), temp.value, {
    name,
    downloadLimits: remote.downloadLimits,
    signal,
  });
  if (fetched.ok) return ok({ ...fetched.value, temp: temp.value });
  await temp.value.discard();
  return fetched;
}
