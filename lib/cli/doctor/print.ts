import type { Finding } from "./types.js";

const signs = { good: "=", warning: "-", stops: "!", unknown: "?" } as const;
/** The longest name of a check. */
const width = "passphrase".length;

/** A finding for people; what to do is on a line of its own. */
export function line({ check, verdict, reason, todo }: Finding): string {
  const lines = [...reason.split("\n"), ...(todo === undefined ? [] : [todo])];
  const head = `  ${signs[verdict]} ${check.padEnd(width)}  `;
  return head + lines.join(`\n${" ".repeat(head.length)}`);
}

export function summary(findings: readonly Finding[]): string {
  const stops = findings.filter(({ verdict }) => verdict === "stops").map(({ check }) => check);
  return stops.length === 0
    ? "Nothing that was found would keep `tazpod enter` from its shell."
    : `This would keep \`tazpod enter\` from its shell: ${stops.join(", ")}.`;
}

/** What `--json` prints, stable: schema/doctor.schema.json documents it. */
export interface DoctorJson {
  readonly version: 1;
  /** Absent where it cannot be read. */
  readonly project?: string;
  readonly stops: boolean;
  readonly findings: readonly Finding[];
}

export function doctorJson(root: string | undefined, findings: readonly Finding[]): DoctorJson {
  return {
    version: 1,
    ...(root === undefined ? {} : { project: root }),
    stops: findings.some(({ verdict }) => verdict === "stops"),
    findings,
  };
}
