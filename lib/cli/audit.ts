import { Readable } from "node:stream";
import { ok, type Result } from "../failure/result.js";
import { attempt } from "../host/file-failure.js";
import { isRecord, parseJson } from "../host/json.js";
import { logLines } from "../host/line-log.js";
import { printable } from "../host/printable.js";
import { plainWord } from "../host/quoted.js";
import { printNote, printResult, resultsOnTerminal, sendData } from "../host/screen.js";
import type { Arguments } from "../run/arguments.js";
import { type AuditCheck, auditFile, verifyAudit } from "../vault/audit-chain.js";
import type { KnownHead } from "../vault/audit-heads.js";
import { readState } from "../vault/vault-state.js";
import { inProject } from "./in-project.js";

/** The number of entries shown without --all. */
const newest = 20;

/** `tazpod audit`: shows or exports the audit log of the project on this host, and checks it. */
export function auditCommand(args: Arguments): Promise<number> {
  return inProject(args, ({ services }) => audit(services.project.vaultFolder, args), {
    skipTrustCheck: true,
  });
}

async function audit(vaultFolder: string, { all, json }: Arguments): Promise<Result<number>> {
  const read = await readState(vaultFolder);
  if (!read.ok) return read;
  const known = read.value.state.audit ?? [];
  const path = auditFile(vaultFolder);
  if (json && !resultsOnTerminal()) {
    const sent = await attempt("read", path, () =>
      sendData(Readable.from(completeLines(path), { objectMode: false })),
    );
    if (!sent.ok) return sent;
  }
  const last: Buffer[] = [];
  const show = (line: Buffer): void => {
    if (json) {
      if (resultsOnTerminal()) printResult(line.toString().trimEnd());
    } else if (all) printResult(entryLine(line));
    else if (last.push(line) > newest) last.shift();
  };
  const checked = await verifyAudit(vaultFolder, known, show);
  if (!checked.ok) return checked;
  for (const line of last) printResult(entryLine(line));
  const print = json ? printNote : printResult;
  for (const line of summary(checked.value, known)) print(line);
  return ok(isIntact(checked.value) ? 0 : 3);
}

async function* completeLines(path: string): AsyncGenerator<Buffer> {
  for await (const line of logLines(path)) if (line.at(-1) === 0x0a) yield line;
}

const isIntact = ({ broken, missing }: AuditCheck): boolean => broken === undefined && missing.length === 0;

function summary(check: AuditCheck, known: readonly KnownHead[]): readonly string[] {
  const { head, broken, tornBytes, missing } = check;
  const torn =
    tornBytes === 0 || broken !== undefined
      ? []
      : [
          `The writing of one more entry was interrupted (${tornBytes} bytes); the next entry will record that.`,
        ];
  if (!isIntact(check))
    return [
      ...torn,
      ...missing,
      `! The audit log is not intact: ${
        broken === undefined
          ? "it does not lead to what was recorded."
          : `line ${broken.line} does not continue it, since ${broken.why}.`
      }`,
    ];
  if (head === undefined) return [...torn, "There is no audit log of this project on this host."];
  const saved = known.find(({ log }) => log === head.log);
  const until =
    saved === undefined
      ? "no save has recorded it yet"
      : `recorded in the vault up to entry ${saved.entries}`;
  return [...torn, `✔ Audit log intact: ${counted(head.entries)}, ${until}`];
}

const counted = (entries: number): string => `${entries} ${entries === 1 ? "entry" : "entries"}`;

/** Formats an entry as a line for people. */
function entryLine(line: Buffer): string {
  const read = parseJson(line.toString());
  if (!isRecord(read)) return printable(line.toString().trimEnd());
  const { n, time, event, id } = read;
  const at = String(time).slice(0, 19).replace("T", " ");
  const head = [String(n).padStart(5), at, String(event).padEnd(9), String(id ?? "").padEnd(4)];
  return printable(`${head.join("  ")}  ${details(read)}`.trimEnd());
}

function details(entry: Readonly<Record<string, unknown>>): string {
  const word = (name: string, before = ""): string[] =>
    entry[name] === undefined || entry[name] === "" ? [] : [`${before}${String(entry[name])}`];
  switch (entry["event"]) {
    case "listening":
    case "stopped":
      return word("session", "process ").join("");
    case "request":
      return [
        `${texts(entry["parts"]).join(", ")}: ${texts(entry["argv"]).map(plainWord).join(" ")}`,
        ...(entry["write"] === true ? ["may change the project"] : []),
        ...(typeof entry["why"] === "string" && entry["why"] !== "" ? [JSON.stringify(entry["why"])] : []),
        ...word("asker", "by "),
      ].join(", ");
    case "answer":
      return [...word("answer"), ...word("minutes", "minutes: "), ...word("by", "by "), ...word("why")].join(
        ", ",
      );
    case "end":
      return [
        ...word("code", "exit code "),
        ...word("failure"),
        `${String(entry["ms"])} ms`,
        `${String(entry["bytes"])} bytes of output`,
      ].join(", ");
    case "refused":
      return [...word("count"), ...word("why")].join(", ");
    case "repaired":
      return `an interrupted entry of ${String(entry["bytes"])} bytes was replaced`;
    default:
      return "";
  }
}

const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
