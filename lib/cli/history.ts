import { fileHash } from "../host/file-hash.js";
import { stat } from "../host/files.js";
import { printJson, printResult } from "../host/screen.js";
import { fetchCopy, numberedCopies, type NumberedCopy } from "../remote/copies.js";
import type { Remote, RemoteObject } from "../remote/remote-types.js";
import { refusalOf } from "../session/open-local.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Arguments } from "../run/arguments.js";
import { formatBytes } from "../host/human.js";
import { withPassphrase } from "../session/ask-passphrase.js";
import { inVaultProject } from "./in-project.js";
import type { StepContext } from "../session/step.js";
import { changeLines, type Changes, changesBetween } from "../vault/changes.js";
import type { DigestLine } from "../vault/archive/manifest.js";
import { listVault } from "../vault/inspect-vault.js";

/** The number of copies shown without --all. */
const newest = 20;

interface Row {
  readonly copy: NumberedCopy;
  /** The metadata of the copy; absent if it cannot be read. */
  readonly object?: RemoteObject;
  readonly isHere: boolean;
  readonly isCurrent: boolean;
}

/**
 * `tazpod history`: lists the copies of the vault at the remote, newest first; with --changes, also the names that each
 * changed.
 */
export function historyCommand(args: Arguments): Promise<number> {
  return inVaultProject(args, (context) => show(context, args));
}

async function show(context: StepContext, { json, changes, all }: Arguments): Promise<Result<void>> {
  const { project, signal } = context;
  const remote = await context.remote();
  const copies = await numberedCopies(remote, signal);
  if (!copies.ok) return copies;
  const wanted = all ? copies.value : copies.value.slice(0, newest);
  const rows = await rowsOf(remote, wanted, project.vaultFile, signal);
  if (!rows.ok) return rows;
  // one more than shown: the changes of a copy are relative to the one before it
  const before = copies.value[wanted.length];
  const changed = changes
    ? await changesOf(context, remote, [...wanted, ...(before ? [before] : [])])
    : ok(new Map());
  if (!changed.ok) return changed;
  if (json) {
    printJson({ remote: remote.url, copies: rows.value.map((row) => shape(row, changed.value)) });
    return ok(undefined);
  }
  if (rows.value.length === 0)
    printResult(
      remote.kind === "none"
        ? "This project has no remote, so there is no history."
        : `${remote.url} has no history.`,
    );
  for (const row of rows.value) {
    printResult(line(row));
    const lines = changed.value.get(row.copy.name);
    for (const text of typeof lines === "string" ? [lines] : lines === undefined ? [] : changeLines(lines))
      printResult(`      ${text}`);
  }
  const rest = copies.value.length - rows.value.length;
  if (rest > 0) printResult(`and ${rest} older; --all shows them`);
  return ok(undefined);
}

async function rowsOf(
  remote: Remote,
  copies: readonly NumberedCopy[],
  vaultFile: string,
  signal: AbortSignal,
): Promise<Result<readonly Row[]>> {
  const current = await remote.head(signal);
  if (current.state === "unknown") return fail(current.failure);
  const found = await stat(vaultFile);
  if (!found.ok) return found;
  const here = found.value === undefined ? ok(undefined) : await fileHash(vaultFile, signal);
  if (!here.ok) return here;
  const rows: Row[] = [];
  // in small groups: a history may be long
  for (let start = 0; start < copies.length; start += 8) {
    const some = copies.slice(start, start + 8).map(async (copy): Promise<Row> => {
      const looked = await remote.history.head(copy.name, signal);
      const object = looked.state === "present" ? looked.object : undefined;
      const sha256 = object?.sha256;
      return {
        copy,
        object,
        isHere: sha256 !== undefined && sha256 === here.value,
        isCurrent: current.state === "present" && sha256 !== undefined && sha256 === current.object.sha256,
      };
    });
    rows.push(...(await Promise.all(some)));
  }
  return ok(rows);
}

/** Returns, by name of the copy, its changes or why they are unknown. */
async function changesOf(
  context: StepContext,
  remote: Remote,
  copies: readonly NumberedCopy[],
): Promise<Result<ReadonlyMap<string, Changes | string>>> {
  const found = new Map<string, Changes | string>();
  let after: { readonly name: string; readonly entries: readonly DigestLine[] } | undefined;
  for (const { name } of copies) {
    const entries = await entriesOf(context, remote, name);
    if (!entries.ok) {
      const why = whyUnknown(entries.failure);
      if (why === undefined) return entries;
      found.set(name, why);
      after = undefined;
      continue;
    }
    if (after !== undefined) found.set(after.name, changesBetween(entries.value, after.entries));
    after = { name, entries: entries.value };
  }
  return ok(found);
}

/** Returns why the changes of one copy are unknown; undefined for a failure that is not about this copy alone. */
function whyUnknown(failure: Failure): string | undefined {
  // it was typed wrong as often as it may be, and would be asked for again for each copy
  if (failure.kind === "wrong-passphrase")
    return failure.tries > 1 ? undefined : "sealed with another passphrase";
  if (failure.kind === "remote-absent") return "removed in the meantime";
  return refusalOf(failure) === "damaged" ? "damaged" : undefined;
}

async function entriesOf(
  context: StepContext,
  remote: Remote,
  name: string,
): Promise<Result<readonly DigestLine[]>> {
  const fetched = await fetchCopy(remote, name, context.project.vaultFolder, context.signal);
  if (!fetched.ok) return fetched;
  const { temp } = fetched.value;
  try {
    const passphrase = context.session.passphrase.known;
    const listed =
      passphrase === undefined
        ? await withPassphrase(context, "Passphrase of the vault:", (given) => listVault(temp.path, given))
        : await listVault(temp.path, passphrase);
    return listed.ok ? ok(listed.value.entries) : listed;
  } finally {
    await temp.discard();
  }
}

function line({ copy, object, isHere, isCurrent }: Row): string {
  const generation = object?.generation ?? copy.generation;
  const marks = [...(isCurrent ? ["at the remote"] : []), ...(isHere ? ["here"] : [])];
  const parts = [
    String(copy.number).padStart(4),
    copy.at.toISOString().slice(0, 19).replace("T", " "),
    (object?.host ?? "-").padEnd(16),
    (generation === undefined ? "" : `generation ${generation}`).padEnd(15),
    formatBytes(copy.bytes).padStart(10),
    marks.join(", "),
  ];
  return parts.join("  ").trimEnd();
}

function shape(
  { copy, object, isHere, isCurrent }: Row,
  changes: ReadonlyMap<string, Changes | string>,
): object {
  const { number, name, at, bytes, generation } = copy;
  const changed = changes.get(name);
  return {
    ...{ number, name, at: at.toISOString(), bytes, here: isHere, current: isCurrent },
    host: object?.host,
    generation: object?.generation ?? generation,
    sha256: object?.sha256,
    ...(changed === undefined || typeof changed === "string" ? {} : { changes: changed }),
  };
}
