import { mkdtempSync, chmodSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { has } from "./measure.js";

export const bin = fileURLToPath(new URL("../../bin/tazpod.js", import.meta.url));
export const image = process.env["TAZPOD_TEST_IMAGE"] ?? "tazpod-test:1";

/** What the parts of one run share. */
export class Rig {
  /** Removed at the end. */
  readonly folder = mkdtempSync(join(tmpdir(), "tazpod-bench-"));
  /** What was not measured, and why: a line each. */
  readonly skipped: string[] = [];
  readonly #endings: (() => void)[] = [];

  constructor() {
    // the containers' user enters it
    chmodSync(this.folder, 0o755);
    // trust given during a measurement must not outlast it
    process.env["XDG_STATE_HOME"] = join(this.folder, "state");
  }

  skip(what: string, why: string): void {
    this.skipped.push(`${what} (${why})`);
    process.stdout.write(`skipped: ${what} (${why})\n`);
  }

  /** Whether all of these programs are installed; else what needs them is skipped. */
  hasPrograms(what: string, ...programs: readonly string[]): boolean {
    const missing = programs.filter((program) => !has(program));
    if (missing.length > 0) this.skip(what, `no ${missing.join(", ")} here`);
    return missing.length === 0;
  }

  newFolder(name: string): string {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  atEnd(action: () => void): void {
    this.#endings.push(action);
  }

  end(): void {
    for (const action of this.#endings.toReversed()) action();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
